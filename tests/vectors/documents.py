"""Vectors as Python sees them, and what the oracle makes of one."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from qianmian.language.definition import Definition
from qianmian.language.parse import parse, parse_definition
from qianmian.language.settle import settled
from tests.oracle.convert import tree_of
from tests.oracle.facts import Facts, OfViewer, column_of
from tests.oracle.run import LATENESS_MS, Message, Result, run
from tests.oracle.world import Fired

FOLDER = Path(__file__).parent / "moments"
Document = dict[str, Any]


@cache
def names() -> tuple[str, ...]:
    """The names of all documents, without `.json`."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@cache
def read(name: str) -> Document:
    """One document."""
    document: Document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document


def definition_of(given: Document) -> Definition:
    """The definition of {key, text, kind?}."""
    return parse_definition(given["key"], given["text"], given.get("kind", "moment"))


def definitions_of(document: Document) -> list[Definition]:
    found = [definition_of(given) for given in document["definitions"]]
    return list(settled(found, document.get("zone", "")))


def messages_of(document: Document) -> list[Message]:
    """Each item of the timeline is a log message of its own; an edit one per changed definition."""
    written = {one["key"]: definition_of(one) for one in document["definitions"]}
    found: list[Message] = []
    for item in document["timeline"]:
        if item.get("do") == "edit":
            found += _edits(item, written, document.get("zone", ""))
        else:
            found.append(_message(item))
    return found


def _edits(item: Document, written: dict[str, Definition], zone: str) -> list[Message]:
    """The definition that is edited, then those that compare its number and so change, too."""
    before = settled(written.values(), zone)
    key = item["definition"]["key"]
    written[key] = definition_of(item["definition"])
    after = {one.key: one for one in settled(written.values(), zone)}
    own = after.pop(key)
    changed = [own, *(one for one in after.values() if one not in before)]
    return [(item["at"], "edit", one) for one in changed]


def _message(item: Document) -> Message:
    at = item["at"]
    if "event" in item:
        return (at, [item["event"]])
    if item["do"] == "facts":
        return (at, "facts", facts_of(item["facts"]))
    if item["do"] == "backfilled":
        return (at, "backfilled", item["since"])
    if item["do"] == "room_fact":
        return (at, "room_fact", item)
    if item["do"] == "session_end":
        return (at, "session_end", item["room"])
    if item["do"] == "merge":
        return (at, "merge", item["anonymous_id"], item["viewer"])
    return (at, item["do"])


def facts_of(given: Document) -> Facts:
    """A build of facts as the oracle reads it."""
    viewers = {
        one["viewer"]: OfViewer(
            one.get("last_seen"),
            one.get("traits", {}),
            one.get("scores", {}),
            tuple(one.get("segments", ())),
            {
                column(name): {int(ago): value for ago, value in days.items()}
                for name, days in one.get("days", {}).items()
            },
        )
        for one in given.get("viewers", ())
    }
    return Facts(given["boundary"], tuple(map(column, given.get("columns", ()))), viewers)


def column(name: str) -> str:
    """The oracle's name of a column such as `count(order_paid)`."""
    value = "¥1" if name.startswith("sum") else "1"
    return column_of(tree_of(parse(f"{name} within 30d >= {value}"), itertools.count()))


def expected_of(document: Document) -> list[Fired]:
    return [
        Fired(
            given["at"],
            given["viewer"],
            given["room"],
            given["moment"],
            given.get("key"),
            tuple(given["because"]),
        )
        for given in document["expected"]
    ]


def oracle_firings(document: Document, judge: Callable[..., Result] = run) -> list[Fired]:
    """What the oracle says, or a mutant of it."""
    return judge(
        definitions_of(document),
        messages_of(document),
        catalog=document["catalog"],
        lateness_ms=document.get("lateness", LATENESS_MS),
    ).firings
