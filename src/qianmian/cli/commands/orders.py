"""`qianmian orders import`: past orders, from a table."""

from __future__ import annotations

from pathlib import Path

import click

from qianmian.cli.commands.event_tables import import_events
from qianmian.cli.tables import table_options
from qianmian.cli.terminal import help_text
from qianmian.server.importing import take_orders


@click.group(name="orders", help=help_text("help.orders"))
def command() -> None:
    """The group."""


@command.command(name="import", help=help_text("help.orders.import"))
@table_options
@click.option("--url", default=None, help=help_text("option.server-url"))
def import_orders(
    file: Path,
    *,
    home: Path | None,
    url: str | None,
    dry_run: bool,
    as_json: bool,
    locale: str | None,
) -> int:
    """Import the table."""
    return import_events(
        "orders",
        take_orders,
        file,
        home=home,
        url=url,
        dry_run=dry_run,
        as_json=as_json,
        locale=locale,
    )
