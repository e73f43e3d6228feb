"""What the commands that take a table have in common: reading it, who does it, and the report."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from rich.console import Console
from rich.text import Text

from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import ACCENT, QUIET, table
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.connectors.files import unreadable
from qianmian.connectors.sheet import MAX_BYTES
from qianmian.errors import OperationalError, SheetProblem
from qianmian.locales.texts import Texts, document
from qianmian.server.api.product_models import BadCellModel, TableReport
from qianmian.settings import Settings
from qianmian.storage.sql.audit import Actor

SHOWN = 20  # bad rows on a terminal; --json has more
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Given:
    """A table that somebody imports in a terminal."""

    settings: Settings
    file: Path
    body: bytes
    dry_run: bool
    locale: str | None


Take = Callable[..., tuple[TableReport, dict[str, int]]]
"""Takes a `Given` and what more the command asks for; a report, and the counts that tell it."""

namespace_option = click.option("--namespace", default="", help=help_text("option.ids-namespace"))
url_option = click.option("--url", default=None, help=help_text("option.server-url"))


def add_import(group: click.Group, noun: str, take: Take, *more: Callable[[Any], Any]) -> None:
    """The command `NOUN import FILE`: the one shape of everything that takes a table.

    Args:
        noun: for the help; `help.NOUN.import`.
        more: arguments and options that `take` gets by their names; arguments come before the file.
    """

    def import_table(
        file: Path,
        *,
        home: Path | None,
        dry_run: bool,
        as_json: bool,
        locale: str | None,
        **asked: Any,
    ) -> int:
        given = Given(settings_of(home), file, body_of(file), dry_run, locale)
        report, counts = take(given, **asked)
        return tell_report(report, counts, as_json=as_json, locale=locale)

    function: Any = import_table
    for option in (
        locale_option,
        click.option("--json", "as_json", is_flag=True, help=help_text("option.json")),
        click.option("--dry-run", is_flag=True, help=help_text("option.dry-run")),
        home_option,
        click.argument("file", type=click.Path(path_type=Path)),
        *more,
    ):
        function = option(function)
    group.command(name="import", help=help_text(f"help.{noun}.import"))(function)


def home_option(function: F) -> F:
    """`--home`, the folder of the installation."""
    return click.option("--home", type=click.Path(path_type=Path), help=help_text("serve.home"))(
        function
    )


def settings_of(home: Path | None) -> Settings:
    """The settings of the environment, with this home if one is named."""
    settings = Settings.from_environment(os.environ)
    return settings if home is None else msgspec.structs.replace(settings, home=home)


def body_of(file: Path) -> bytes:
    """The file, if it is not larger than a table may be.

    Raises: InputError when it cannot be read.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise SheetProblem(f"{file.name} is larger than {MAX_BYTES >> 20} MB; split it")
        return file.read_bytes()
    except OSError as exc:
        raise unreadable(file, exc) from exc


def write_table(file: Path, lines: Iterable[str]) -> None:
    """Write a table into a file.

    Raises: OperationalError when it cannot be written.
    """
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            out.writelines(lines)
    except OSError as exc:
        raise OperationalError(f"{file} cannot be written: {exc.strerror}") from exc


def terminal_user() -> Actor:
    """Who sits at the machine, for the audit."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in the system: a container
        user = str(os.getuid())
    return Actor("command", user, user)


def tell_report(
    report: TableReport, counts: dict[str, int], *, as_json: bool, locale: str | None
) -> int:
    """Say what a table did; the exit code."""
    if as_json:
        click.echo(report.model_dump_json())
        return FINDINGS if report.bad else OK
    texts, console = texts_for(locale), out_console()
    line = "   ".join(f"{texts[f'tables.{name}']} {count:,}" for name, count in counts.items())
    console.print(Text(line, style=f"bold {ACCENT}"))
    if report.dry_run:
        console.print(Text(texts["tables.dry_run"], style=QUIET))
    if report.ignored:
        names = ", ".join(report.ignored)
        console.print(Text(texts.say("tables.ignored", names=names), style=QUIET))
    if report.bad:
        console.print(texts.say("tables.bad", bad=f"{report.bad:,}", rows=f"{report.rows:,}"))
        _show_cells(console, texts, report.problems)
    if report.doubtful:
        console.print(texts.say("tables.doubtful", cells=f"{report.doubtful:,}"))
        _show_cells(console, texts, report.doubts)
    return FINDINGS if report.bad else OK


def _show_cells(console: Console, texts: Texts, cells: Sequence[BadCellModel]) -> None:
    heads = ("line", "column", "what", "todo")
    grid = table(*((texts[f"tables.{name}"], "left") for name in heads))
    for one in cells[:SHOWN]:
        what, todo = reason(texts.locale, one.code)
        grid.add_row(str(one.line), one.column, f"{what}: {one.detail}", todo)
    console.print(grid)


def reason(locale: str, code: str) -> tuple[str, str]:
    """What is wrong with a row, and what to do about it."""
    sheets = document(locale, "sheets")
    known = document(locale, "errors").get(f"rejected.{code}", code)
    return sheets["reasons"].get(code, known), sheets["todo"].get(code, "")
