"""`qianmian log check`: is the log of an installation whole, and what can be saved of it?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import BAD, GOOD
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.locales.texts import Texts
from qianmian.storage.log_check import LogReport, check_log


@click.group(name="log", help=help_text("help.log"))
def command() -> None:
    """The log of an installation that is not running."""


@command.command(name="check", help=help_text("help.log.check"))
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--salvage", is_flag=True, help=help_text("option.salvage"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def check(folder: Path, *, salvage: bool, as_json: bool, locale: str | None) -> int:
    """Read all of it; exit code 1 if something is damaged."""
    texts = texts_for(locale)
    report = check_log(folder, salvage=salvage)
    if as_json:
        click.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _show(texts, report)
    return FINDINGS if any(not one.is_end for one in report.damages) else OK


def _show(texts: Texts, report: LogReport) -> None:
    console = out_console()
    style = BAD if report.damages else GOOD
    console.print(
        Text(texts.say("log.read", segments=report.segments, messages=report.messages), style=style)
    )
    for one in report.damages:
        key = "log.torn" if one.is_end else "log.damaged"
        console.print(texts.say(key, file=one.segment, position=one.position, offset=one.offset))
    if report.lost:
        lost = ", ".join(str(offset) for offset in report.lost)
        console.print(texts.say("log.lost", messages=lost))
