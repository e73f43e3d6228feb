"""`qianmian lists import|export|list`: lists of viewers, as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click

from qianmian.bootstrap.installation import SECRET_FILE, open_database
from qianmian.bootstrap.persons import requests_of
from qianmian.cli.commands.serve import now_ms
from qianmian.cli.exit_codes import OK
from qianmian.cli.report.view import table
from qianmian.cli.tables import (
    Given,
    add_import,
    home_option,
    namespace_option,
    settings_of,
    terminal_user,
    write_table,
)
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.connectors.list_sheet import list_csv
from qianmian.server.api.lists import take_list
from qianmian.server.api.product_models import TableReport
from qianmian.storage.secret_file import read_or_make
from qianmian.storage.sql.lists import ListStore
from qianmian.storage.sql.sources import SourceStore


@click.group(name="lists", help=help_text("help.lists"))
def command() -> None:
    """The group."""


def _taken(
    given: Given, *, name: str, title: str, namespace: str
) -> tuple[TableReport, dict[str, int]]:
    """Make a table the list; a server that runs follows within a second."""
    settings = given.settings
    secret = read_or_make(settings.home / SECRET_FILE)
    with open_database(settings.home, settings.database) as database:
        _, erased = requests_of(database, now_ms, secret, settings.namespace)
        done = take_list(
            ListStore(database, now_ms),
            name,
            given.body,
            terminal_user(),
            erased=erased,
            title=title,
            prefix=SourceStore(database, now_ms, settings.namespace).prefix_in(namespace),
            dry_run=given.dry_run,
        )
    return done, {"size": done.size, "added": done.added, "removed": done.removed}


add_import(
    command,
    "lists",
    _taken,
    click.option("--title", default="", help=help_text("lists.title")),
    namespace_option,
    click.argument("name"),
)


@command.command(name="export", help=help_text("help.lists.export"))
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--version", type=int, help=help_text("lists.version"))
@home_option
@locale_option
def export(
    name: str, file: Path, *, version: int | None, home: Path | None, locale: str | None
) -> int:
    """Write a list as a table."""
    texts = texts_for(locale)
    with _opened(home) as store:
        found = store.members(name, version)
    write_table(file, list_csv(found, texts.locale))
    out_console().print(texts.count("lists.exported", len(found), file=file))
    return OK


@command.command(name="list", help=help_text("help.lists.list"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@home_option
@locale_option
def show(*, as_json: bool, home: Path | None, locale: str | None) -> int:
    """Every list, and how many are on it."""
    with _opened(home) as store:
        found = store.all()
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], ensure_ascii=False))
        return OK
    texts = texts_for(locale)
    heads = (("name", "left"), ("title", "left"), ("size", "right"), ("version", "right"))
    grid = table(*((texts[f"lists.head.{head}"], side) for head, side in heads))
    for one in found:
        grid.add_row(one.key, one.title, f"{one.size:,}", str(one.version))
    out_console().print(grid)
    return OK


@contextmanager
def _opened(home: Path | None) -> Iterator[ListStore]:
    settings = settings_of(home)
    with open_database(settings.home, settings.database) as database:
        yield ListStore(database, now_ms)
