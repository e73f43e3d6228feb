"""`qianmian keys create|list|revoke|map`: sources and their write keys."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.text import Text

from qianmian.bootstrap.installation import open_sources
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.report.view import ACCENT, QUIET, table
from qianmian.cli.tables import terminal_user
from qianmian.cli.terminal import help_text, locale_option, out_console, texts_for
from qianmian.errors import InputError, UnknownName
from qianmian.runtime.sources import Source
from qianmian.server.ingest.webhook import mapping_of
from qianmian.settings import Settings
from qianmian.storage.sql.sources import SourceRecord, SourceStore, prefix_of
from qianmian.vocabulary.events import SENDERS
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.time import SECOND_MS

AS_JSON = click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))


@click.group(name="keys", help=help_text("help.keys"))
def command() -> None:
    """The group."""


@command.command(name="create", help=help_text("help.keys.create"))
@click.argument("source")
@click.option(
    "--class",
    "key_class",
    type=click.Choice(SENDERS),
    default=None,
    help=help_text("option.key-class"),
)
@click.option("--room", default=None, help=help_text("option.room"))
@click.option("--namespace", default=None, help=help_text("option.namespace"))
@click.option("--presence", is_flag=True, help=help_text("option.presence"))
@click.option("--origin", "origins", multiple=True, help=help_text("option.origin"))
@AS_JSON
@locale_option
def create(
    source: str,
    *,
    key_class: str | None,
    room: str | None,
    namespace: str | None,
    presence: bool,
    origins: tuple[str, ...],
    as_json: bool,
    locale: str | None,
) -> int:
    """Make a source, or a further key of one that is there."""
    with _store() as store:
        known = {record.source.name: record.source for record in store.all()}
        if source in known:
            given = known[source].key_class
            if key_class not in (None, given) or room or namespace or presence or origins:
                raise click.UsageError(texts_for(locale).say("keys.exists", source=source))
            key = store.add_key(source, by=terminal_user())[1]
        else:
            if key_class is None:
                raise click.UsageError(texts_for(locale).say("keys.which_class", source=source))
            given = next(one for one in SENDERS if one == key_class)
            made = Source(
                source,
                given,
                namespace or DEFAULT_NAMESPACE,
                default_room=room,
                presence=presence,
                origins=origins,
            )
            key = store.create(made, by=terminal_user())[1]
    if as_json:
        told = {"source": source, "key_class": given, "write_key": key}
        click.echo(json.dumps(told, ensure_ascii=False))
        return OK
    console = out_console()
    console.print(Text(key, style=f"bold {ACCENT}"), soft_wrap=True)
    console.print(Text(texts_for(locale)["keys.once"], style=QUIET))
    return OK


@command.command(name="list", help=help_text("help.keys.list"))
@AS_JSON
@locale_option
def list_keys(*, as_json: bool, locale: str | None) -> int:
    """Every source with its keys, without their secrets."""
    with _store() as store:
        records = store.all()
    if as_json:
        click.echo(json.dumps([_shown(record) for record in records], ensure_ascii=False))
        return OK
    texts = texts_for(locale)
    if not records:
        out_console().print(Text(texts["keys.none"], style=QUIET))
        return OK
    names = ("source", "class", "key", "created", "revoked")
    grid = table(*((texts[f"keys.{name}"], "left") for name in names))
    for record in records:
        for key in record.keys:
            grid.add_row(
                record.source.name,
                record.source.key_class,
                key.prefix,
                _instant(key.created_at),
                _instant(key.revoked_at),
            )
    out_console().print(grid)
    return OK


@command.command(name="revoke", help=help_text("help.keys.revoke"))
@click.argument("key")
@locale_option
def revoke(key: str, *, locale: str | None) -> int:
    """End a key; exit code 1 when it was ended before."""
    texts = texts_for(locale)
    with _store() as store:
        owner = {one.prefix: record for record in store.all() for one in record.keys}
        prefix = prefix_of(key) or key
        if prefix not in owner:
            raise UnknownName.of("key", prefix, owner)
        key_id = prefix.split("_", 1)[1]
        done = store.revoke(owner[prefix].source.name, key_id, by=terminal_user())
    out_console().print(texts.say("keys.ended" if done else "keys.ended_before", prefix=prefix))
    return OK if done else FINDINGS


@command.command(name="map", help=help_text("help.keys.map"))
@click.argument("source")
@click.argument("file", type=click.Path(path_type=Path))
@locale_option
def set_mapping(source: str, file: Path, *, locale: str | None) -> int:
    """Give a source the mapping of its webhook, once it is known to be one."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{file} cannot be read: {exc}") from exc
    mapping_of(text)
    with _store() as store:
        store.change(source, mapping=text, by=terminal_user())
    out_console().print(texts_for(locale).say("keys.mapped", source=source))
    return OK


@contextmanager
def _store() -> Iterator[SourceStore]:
    settings = Settings.from_environment(os.environ)
    with open_sources(settings.home, _now_ms, settings.database) as store:
        yield store


def _now_ms() -> int:
    return int(time.time() * SECOND_MS)


def _shown(record: SourceRecord) -> dict[str, object]:
    source = record.source
    return {
        "name": source.name,
        "key_class": source.key_class,
        "default_room": source.default_room,
        "presence": source.presence,
        "origins": list(source.origins),
        "created_at": record.created_at,
        "keys": [asdict(key) for key in record.keys],
    }


def _instant(ms: int | None) -> str:
    if ms is None:
        return ""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ms / SECOND_MS))
