"""`qianmian tags health`: which tags are worth keeping, and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from qianmian.bootstrap.home_tags import tags_of_home
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import BAD, GOOD, QUIET, table
from qianmian.cli.tables import home_option, settings_of
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.tags.health import TagHealth

STYLES = {"keep": GOOD, "fix": BAD, "retire": BAD, "not_enough": QUIET}


@click.group(name="tags", help=help_text("help.tags"))
def command() -> None:
    """The group."""


@command.command(name="health", help=help_text("help.tags.health"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@home_option
@locale_option
def health(*, as_json: bool, home: Path | None, locale: str | None) -> int:
    """Every tag that says yes or no: of whom it holds, whether that lasts, and a suggestion."""
    found = tags_of_home(settings_of(home))
    if as_json:
        click.echo(json.dumps([_document(one) for one in found], ensure_ascii=False))
        return OK
    texts, console = texts_for(locale), out_console()
    heads = ("key", "suggestion", "yes", "unknown", "total", "flips", "reasons")
    sides = ("left", "left", "right", "right", "right", "right", "left")
    titles = (texts[f"tags.column.{one}"] for one in heads)
    grid = table(*zip(titles, sides, strict=True))
    for one in found:
        told = one.standing
        counts = ("",) * 3 if told is None else (told.yes, told.unknown, told.total)
        flips = None if told is None else told.flips
        grid.add_row(
            one.key,
            Text(texts[f"tags.suggestion.{one.suggestion}"], style=STYLES[one.suggestion]),
            *(f"{n:,}" if isinstance(n, int) else n for n in counts),
            "" if flips is None else f"{flips:.0%}",
            "; ".join(texts[f"tags.reason.{reason}"] for reason in one.reasons),
        )
    console.print(grid)
    return OK


def _document(one: TagHealth) -> dict[str, object]:
    flips = None if one.standing is None else one.standing.flips
    return {**asdict(one), "flips": flips}
