"""`qianmian check-vectors`: does this engine do what the semantics say?"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from qianmian.bootstrap import check_vectors
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import ACCENT, BAD, GOOD, QUIET
from qianmian.cli.terminal import (
    help_text,
    locale_option,
    out_console,
    progress_bar,
    texts_for,
)
from qianmian.locales.texts import Texts
from qianmian.runtime.doctor import is_compiled
from qianmian.runtime.vectors import VectorFailure, find_vectors


@click.command(name="check-vectors", help=help_text("help.check-vectors"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def command(files: tuple[Path, ...], *, as_json: bool, locale: str | None) -> int:
    """Check every file, and every one in the folders named."""
    texts = texts_for(locale)
    paths = find_vectors(files)
    with progress_bar(texts, is_cold=not is_compiled()) as step:
        report = check_vectors(paths, step("progress.vectors"))
    if as_json:
        click.echo(
            json.dumps(
                {
                    "passed": report.passed,
                    "failed": len(report.failures),
                    "failures": [asdict(failure) for failure in report.failures],
                },
                ensure_ascii=False,
            )
        )
    else:
        _show(out_console(), texts, report.passed, report.failures)
    return FINDINGS if report.failures else OK


def _show(console: Console, texts: Texts, passed: int, failures: list[VectorFailure]) -> None:
    for failure in failures:
        console.print(
            Text.assemble(
                ("✗ ", BAD), (failure.file, "bold"), f"  {failure.name}: {failure.reason}"
            )
        )
        if failure.place is not None:
            for key, value in (("expected", failure.expected), ("got", failure.got)):
                shown = texts["vectors.nothing"] if value is None else json.dumps(value)
                label = (f"    {texts[f'vectors.{key}']}  ", QUIET)
                console.print(Text.assemble(label, (shown, ACCENT if key == "got" else "")))
    if passed:
        console.print(Text(f"✓ {texts.count('vectors.passed', passed)}", style=GOOD))
    if failures:
        console.print(Text(f"✗ {texts.count('vectors.failed', len(failures))}", style=BAD))
