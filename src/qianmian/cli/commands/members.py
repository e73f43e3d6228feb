"""`qianmian members import`: what the shop knows of its members, from a table."""

from __future__ import annotations

from pathlib import Path

import click

from qianmian.cli.commands.event_tables import import_events
from qianmian.cli.tables import table_options
from qianmian.cli.terminal import help_text
from qianmian.server.importing import take_members


@click.group(name="members", help=help_text("help.members"))
def command() -> None:
    """The group."""


@command.command(name="import", help=help_text("help.members.import"))
@table_options
@click.option("--url", default=None, help=help_text("option.server-url"))
def import_members(
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
        "members",
        take_members,
        file,
        home=home,
        url=url,
        dry_run=dry_run,
        as_json=as_json,
        locale=locale,
    )
