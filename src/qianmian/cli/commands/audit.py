"""`qianmian audit verify`: whether the record of what was changed is whole."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
from rich.text import Text

from qianmian.bootstrap.installation import open_database
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import BAD, GOOD, QUIET
from qianmian.cli.tables import home_option, settings_of
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.storage.sql.audit import AuditTrail, Head


@click.group(name="audit", help=help_text("help.audit"))
def command() -> None:
    """The group."""


@command.command(name="verify", help=help_text("help.audit.verify"))
@home_option
@click.option("--known", default=None, metavar="NUMBER:HASH", help=help_text("option.known"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def verify(*, home: Path | None, known: str | None, as_json: bool, locale: str | None) -> int:
    """Check every row; exit code 1 when one is not as it was written."""
    noted = None if known is None else _head(known)
    settings = settings_of(home)
    with open_database(settings.home, settings.database) as database:
        found = AuditTrail(database, lambda: time.time_ns() // 1_000_000).verify(noted)
    head = f"{found.head.number}:{found.head.hash.hex()}"
    is_whole = found.problem is None
    if as_json:
        told = {
            "rows": found.head.number,
            "head": head,
            "intact": is_whole,
            "broken_at": found.broken_at,
            "problem": found.problem,
        }
        click.echo(json.dumps(told))
        return OK if is_whole else FINDINGS
    texts, console = texts_for(locale), out_console()
    if is_whole:
        console.print(Text(texts.say("audit.whole", rows=f"{found.head.number:,}"), style=GOOD))
        console.print(Text(texts.say("audit.head", head=head), style=QUIET), soft_wrap=True)
        return OK
    said = texts.say("audit.broken", number=found.broken_at, problem=found.problem)
    console.print(Text(said, style=f"bold {BAD}"))
    return FINDINGS


def _head(text: str) -> Head:
    number, _, sealed = text.partition(":")
    try:
        found = Head(int(number), bytes.fromhex(sealed))
    except ValueError as exc:
        raise click.UsageError("--known is NUMBER:HASH, as `audit verify` prints it") from exc
    if found.number < 1 or len(found.hash) != 32:
        raise click.UsageError("--known is NUMBER:HASH, as `audit verify` prints it")
    return found
