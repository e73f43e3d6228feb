"""The engine, driven by the messages of the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.language.definition import Definition
from qianmian.learning.lexicon import CLASSES
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product
from tests.oracle.run import Message, link_of
from tests.oracle.world import Fired

Row = dict[str, Any]
Plain = tuple[int, str | None, str, str, str | None]
"""A firing without its evidence."""

core = pytest.importorskip("qianmian.engine.core")


def rows_of(messages: Sequence[Message]) -> list[list[Row]]:
    """The rows of each message; a tick has none."""
    return [list(_rows(number, message)) for number, message in enumerate(messages)]


def _rows(number: int, message: Message) -> Iterator[Row]:
    clock, what = message[0], message[1]
    events: Iterable[Row] = what if isinstance(what, list) else ()
    if what == "merge":
        events = [link_of(message)]
    elif what == "session_end":
        events = [{"type": "session_ended", "room": message[2]}]
    for event in events:
        row = {**event, "clock": clock, "message": number}
        if row.get("amount") is None and row.get("items"):  # as decoding does
            row["amount"] = sum(item["amount"] for item in row["items"] if "amount" in item) or None
        row["event_time"] = min(event.get("event_time", clock), clock)
        if "classes" in row:
            row["classes"] = sum(1 << CLASSES[name] for name in row["classes"])
        yield row


def plain(firings: Iterable[Firing | Fired]) -> list[Plain]:
    """What both sides say."""
    found = [(f.at, f.viewer, f.room, f.moment, f.key) for f in firings]
    return sorted(found, key=lambda f: (f[0], f[1] or "", f[2], f[3], f[4] or ""))


def engine_firings(
    definitions: Sequence[Definition],
    messages: Sequence[Message],
    *,
    finish_at: int,
    shards: int = 1,
    cuts: Iterable[int] = (),
    restores: Iterable[int] = (),
    products: Sequence[Product] = (),
    lateness_ms: int = 5_000,
    presence: bool = True,
) -> list[Plain]:
    """Run in calls that end before the messages numbered in `cuts`, and around every edit.

    At `restores`, which are cuts too, the engine is thrown away for one read from its snapshot.
    """
    engine = core.Core(
        definitions,
        products=products,
        lateness_ms=lateness_ms,
        shards=shards,
        presence=presence,
    )
    found: list[Firing] = []
    of_message = rows_of(messages)
    again = set(restores)
    edits = [number for number, message in enumerate(messages) if message[1] == "edit"]
    edges = sorted({0, *cuts, *again, *edits, *(number + 1 for number in edits), len(messages)})
    for start, end in pairwise(edges):
        if start in edits:
            clock, _, new = messages[start]
            definitions = [new if one.key == new.key else one for one in definitions]
            found += engine.change(definitions, clock)
        rows = [row for rows in of_message[start:end] for row in rows]
        if rows:
            found += engine.run(EventBatch.from_rows(rows))
        found += engine.advance(messages[end - 1][0])  # ticks are in the log, too
        if end in again:
            engine = core.Core.restore(engine.snapshot())
    found += engine.finish(finish_at)
    return plain(found)


def random_cuts(rng: Random, messages: Sequence[Message], count: int) -> list[int]:
    return [rng.randrange(1, len(messages)) for _ in range(count)]
