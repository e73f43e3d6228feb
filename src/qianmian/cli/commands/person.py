"""`qianmian person export|erase`: what is kept about one person, and that it goes.

Beside a server that runs, an erasure is asked for in the database, and the server does it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import click
from rich.text import Text

from qianmian.bootstrap.installation import (
    LETTERS_FILE,
    SECRET_FILE,
    Installation,
    open_database,
    open_installation,
)
from qianmian.bootstrap.persons import person_reader, requests_of, tables_of
from qianmian.cli.commands.serve import make_ready, now_ms, told
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import GOOD
from qianmian.cli.tables import home_option, settings_of, terminal_user
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.errors import InputError, LogInUse
from qianmian.runtime.person_desk import Request
from qianmian.server.logs import set_up_logs
from qianmian.server.person_files import exported_document
from qianmian.server.start import running
from qianmian.settings import Settings
from qianmian.storage.dead_letters import DeadLetterFile
from qianmian.storage.secret_file import read_or_make
from qianmian.storage.sql.audit import AuditTrail
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.sources import SourceStore

LOOK_S = 0.5
TRIES = 7_200  # an hour


@click.group(name="person", help=help_text("help.person"))
def command() -> None:
    """The group."""


@command.command(name="export", help=help_text("help.person.export"))
@click.argument("viewer")
@home_option
@click.option("--out", type=click.Path(path_type=Path), help=help_text("option.person-out"))
def export(viewer: str, *, home: Path | None, out: Path | None) -> int:
    """Write everything that is kept about a person, as JSON."""
    settings = settings_of(home)
    secret = read_or_make(settings.home / SECRET_FILE)
    with open_database(settings.home, settings.database) as database:
        requests, refusals = requests_of(database, now_ms, secret, settings.namespace)
        letters = DeadLetterFile(Database.in_file(settings.home / LETTERS_FILE), now_ms)
        try:
            ledger = ConsentLedger(database)
            sources = SourceStore(database, now_ms, settings.namespace)
            tables = tables_of(database, now_ms)
            reader = person_reader(settings.home, letters, ledger, tables, sources)
            found = exported_document(viewer, reader, refusals, now_ms(), settings.currency)
        finally:
            letters.close()
        counts = {"events": len(found["events"]), "firings": len(found["firings"])}
        trail = AuditTrail(database, now_ms)
        trail.note(terminal_user(), "person.exported", requests.subject(viewer), after=counts)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    if out is None:
        click.echo(text)
    else:
        out.touch(mode=0o600)
        out.write_text(text + "\n", encoding="utf-8")
    return OK


@command.command(name="erase", help=help_text("help.person.erase"))
@click.argument("viewer")
@home_option
@click.option("--reason", default="", help=help_text("option.person-reason"))
@click.option("--yes", is_flag=True, help=help_text("option.person-yes"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def erase(
    viewer: str, *, home: Path | None, reason: str, yes: bool, as_json: bool, locale: str | None
) -> int:
    """Erase a person everywhere; exit code 1 when it could not be finished yet."""
    texts = texts_for(locale)
    if not yes and click.prompt(texts["person.confirm"], err=True) != viewer:
        raise InputError(texts["person.not_confirmed"])
    settings = settings_of(home)
    set_up_logs(json_lines=settings.json_logs)
    try:
        with open_installation(settings, now_ms, told) as opened:
            make_ready(opened, texts)
            done = asyncio.run(_alone(opened, viewer, reason))
    except LogInUse:
        done = _beside(settings, viewer, reason)
    if as_json:
        click.echo(json.dumps({"id": done.id, "step": done.step, "report": done.report}))
    elif done.report is not None:
        places = sum(done.report.values())
        out_console().print(Text(texts.say("person.erased", places=places), style=GOOD))
    else:
        click.echo(texts.say("person.waiting", id=done.id, step=done.step), file=sys.stderr)
    return OK if done.report is not None else FINDINGS


async def _alone(home: Installation, viewer: str, reason: str) -> Request:
    """In an installation that nobody serves."""
    requests = home.persons.requests
    asked = requests.ask(viewer, by=terminal_user(), reason=reason)
    async with running(home.deployment, now=now_ms):
        await home.persons.desk(home.deployment, home.settings.namespace).follow()
    return requests.get(asked.id) or asked


def _beside(settings: Settings, viewer: str, reason: str) -> Request:
    """By the server that runs: it looks for requests twice a second."""
    secret = read_or_make(settings.home / SECRET_FILE)
    with open_database(settings.home, settings.database) as database:
        requests, _ = requests_of(database, now_ms, secret, settings.namespace)
        asked = requests.ask(viewer, by=terminal_user(), reason=reason)
        for _ in range(TRIES):
            found = requests.get(asked.id)
            if found is None or found.report is not None:
                return found or asked
            time.sleep(LOOK_S)
        return requests.get(asked.id) or asked
