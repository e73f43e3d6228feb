"""`qianmian products import|export`: what the shop sells, as a table."""

from __future__ import annotations

from pathlib import Path

import click

from qianmian.bootstrap.installation import open_database
from qianmian.cli.commands.serve import now_ms
from qianmian.cli.exit_codes import OK
from qianmian.cli.tables import (
    body_of,
    home_option,
    settings_of,
    table_options,
    tell_report,
    terminal_user,
    write_table,
)
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.connectors.product_sheet import products_csv
from qianmian.server.api.products import take_products
from qianmian.storage.sql.products import ProductStore


@click.group(name="products", help=help_text("help.products"))
def command() -> None:
    """The group."""


@command.command(name="import", help=help_text("help.products.import"))
@table_options
def import_products(
    file: Path, *, home: Path | None, dry_run: bool, as_json: bool, locale: str | None
) -> int:
    """Take over a table; a server that runs follows within seconds."""
    settings = settings_of(home)
    body = body_of(file)
    with open_database(settings.home, settings.database) as database:
        store = ProductStore(database, now_ms, settings.currency)
        done = take_products(store, body, terminal_user(), dry_run=dry_run, name=file.name)
    counts = {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
    return tell_report(done, counts, as_json=as_json, locale=locale)


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
