"""`qianmian products import|export`: what the shop sells, as a table."""

from __future__ import annotations

from pathlib import Path

import click

from qianmian.bootstrap.installation import open_database
from qianmian.cli.commands.serve import now_ms
from qianmian.cli.exit_codes import OK
from qianmian.cli.tables import (
    Given,
    add_import,
    home_option,
    settings_of,
    terminal_user,
    write_table,
)
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.connectors.product_sheet import products_csv
from qianmian.server.api.product_models import TableReport
from qianmian.server.api.products import take_products
from qianmian.storage.sql.products import ProductStore


@click.group(name="products", help=help_text("help.products"))
def command() -> None:
    """The group."""


def _taken(given: Given) -> tuple[TableReport, dict[str, int]]:
    """Take over a table; a server that runs follows within seconds."""
    settings = given.settings
    with open_database(settings.home, settings.database) as database:
        store = ProductStore(database, now_ms, settings.currency)
        done = take_products(
            store, given.body, terminal_user(), dry_run=given.dry_run, name=given.file.name
        )
    return done, {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}


add_import(command, "products", _taken)


@command.command(name="export", help=help_text("help.products.export"))
@click.argument("file", type=click.Path(path_type=Path))
@home_option
@locale_option
def export(file: Path, *, home: Path | None, locale: str | None) -> int:
    """Write every product as a table."""
    settings, texts = settings_of(home), texts_for(locale)
    with open_database(settings.home, settings.database) as database:
        found = ProductStore(database, now_ms, settings.currency).all()
    rows = ((one.product, one.currency) for one in found)
    write_table(file, products_csv(rows, texts.locale))
    out_console().print(texts.count("tables.exported", len(found), file=file))
    return OK
