"""The event catalog's pages and JSON Schema, from the table: written by `python -m tools.docs`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME, ENVELOPE, EventField, EventType
from tools.event_schema import event_schema
from tools.lints.walk import ROOT

PATH_BY_LOCALE = {"en-US": "docs/reference/events.md", "zh-CN": "docs/zh/reference/events.md"}
SCHEMA_PATH = "schemas/event.schema.json"
FLAGS = ("operation", "never_late", "presence", "person_scoped")


def pages() -> dict[str, str]:
    """The reference page in each language, and the schema."""
    schema = event_schema(meanings_of("en-US"))
    return {SCHEMA_PATH: json.dumps(schema, ensure_ascii=False, indent=1)} | {
        path: "\n".join(_page(locale)) for locale, path in PATH_BY_LOCALE.items()
    }


def meanings_of(locale: str) -> dict[str, Any]:
    """What the events and their fields mean, by name."""
    return _locale(locale, "events")


def _locale(locale: str, name: str) -> dict[str, Any]:
    path = ROOT / "src/qianmian/locales" / locale / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _page(locale: str) -> Iterator[str]:
    say, meanings = _locale(locale, "events_page"), meanings_of(locale)
    yield from (f"# {say['title']}", "", say["intro"], "", f"## {say['summary']}", "")
    headings = ("code", "event", "meaning", "scope", "senders", "traits")
    yield from _table_head([say[heading] for heading in headings])
    for event in CATALOG:
        yield _row(
            str(CODE_BY_NAME[event.name]),
            f"[`{event.name}`](#{event.name})",
            meanings[event.name]["title"],
            say[f"scope.{event.scope}"],
            ", ".join(say[f"sender.{sender}"] for sender in _senders(event)),
            ", ".join(say[f"trait.{flag}"] for flag in FLAGS if getattr(event, flag)),
        )
    yield from ("", say["legend"])
    yield from _section("envelope", ENVELOPE, say, meanings)
    for event in CATALOG:
        yield from _section(event.name, event.fields, say, meanings)


def _section(
    name: str, fields: tuple[EventField, ...], say: dict[str, Any], meanings: dict[str, Any]
) -> Iterator[str]:
    meaning = meanings[name]
    title = meaning["title"] if name == "envelope" else name
    yield from ("", f"## {title}", "", f"**{meaning['title']}** {meaning['help']}", "")
    if not fields:
        yield say["no_fields"]
        return
    yield from _table_head([say[head] for head in ("field", "type", "unit", "required", "meaning")])
    for field in fields:
        yield _row(
            f"`{field.name}`",
            field.type,
            field.unit,
            say["yes"] if field.required else "",
            meaning["fields"][field.name],
        )


def _senders(event: EventType) -> list[str]:
    return [sender for sender in ("browser", "server", "connector") if sender in event.senders] or [
        "none"
    ]


def _table_head(headings: list[str]) -> tuple[str, str]:
    return _row(*headings), "|" + "---|" * len(headings)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
