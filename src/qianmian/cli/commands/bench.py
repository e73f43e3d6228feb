"""`qianmian bench`: speed, with what it is compared to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.text import Text

from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import table
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.runtime.bench import BenchOptions, BenchRow, measure


@click.command(name="bench", help=help_text("help.bench"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@click.option("--long", "is_long", is_flag=True, help=help_text("option.long"))
@locale_option
def command(*, as_json: bool, is_long: bool, locale: str | None) -> int:
    """Measure and print rows."""
    show(list(measure(BenchOptions(long=is_long))), as_json=as_json, locale=locale)
    return OK


def show(rows: Sequence[BenchRow], *, as_json: bool, locale: str | None) -> None:
    """Print what was measured."""
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False))
        return
    texts = texts_for(locale)
    names = ("name", "value", "unit", "baseline", "ratio", "spread")
    numbers = ("value", "ratio", "spread")
    grid = table(*((texts[f"bench.{n}"], "right" if n in numbers else "left") for n in names))
    for row in rows:
        grid.add_row(*_cells(row))
    out_console().print(grid)


def _cells(row: BenchRow) -> tuple[Text, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:,.1f}x"
    spread = "" if row.spread is None else f"{row.spread:.0%}"
    value = f"{row.value:,.0f}" if row.value >= 1_000 else f"{row.value:,.3g}"
    return tuple(Text(c) for c in (row.name, value, row.unit, row.baseline or "", ratio, spread))
