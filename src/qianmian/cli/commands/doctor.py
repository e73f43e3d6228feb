"""`qianmian doctor`: is this machine fit, and what would make it fitter?"""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import click
from rich.text import Text

from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import BAD, GOOD, QUIET, table
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.runtime.doctor import examine
from qianmian.settings import Settings

STYLE = {"ok": GOOD, "warn": "yellow", "fail": BAD}
MARK = {"ok": "✓", "warn": "!", "fail": "✗"}


@click.command(name="doctor", help=help_text("help.doctor"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def command(*, as_json: bool, locale: str | None) -> int:
    """Examine and advise; exit code 1 if a check fails."""
    settings = Settings.from_environment(os.environ)
    texts = texts_for(locale)
    findings = examine(settings.home, settings.locale)
    code = FINDINGS if any(f.verdict == "fail" for f in findings) else OK
    advice = {f.check: texts[f"doctor.advice.{f.advice}"] if f.advice else "" for f in findings}
    if as_json:
        checks = [asdict(f) | {"advice": advice[f.check]} for f in findings]
        click.echo(json.dumps({"ok": code == OK, "checks": checks}, ensure_ascii=False))
        return code
    grid = table(("", "left"), ("", "left"), ("", "left"))
    grid.show_header = False
    for finding in findings:
        value = Text(finding.value)
        if advice[finding.check]:
            value.append(f"\n→ {advice[finding.check]}", style=STYLE[finding.verdict])
        mark = Text(MARK[finding.verdict], style=STYLE[finding.verdict])
        grid.add_row(mark, Text(texts[f"doctor.{finding.check}"], style=QUIET), value)
    out_console().print(Text(texts["doctor.title"], style="bold"))
    out_console().print(grid)
    return code
