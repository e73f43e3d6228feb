"""`run(definitions, messages)`: the whole oracle as one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.convert import rule_of
from tests.oracle.world import Fired, World

Message = tuple[Any, ...]
"""(clock, [event, ...]), or (clock, "tick"), (clock, "restart"), (clock, "edit", definition),
(clock, "session_end", room), (clock, "merge", anonymous_id, viewer), (clock, "facts", Facts),
(clock, "room_fact", {second, room, name, value, key}), which holds from its second on."""

LATENESS_MS = 5_000


@dataclass(frozen=True)
class Result:
    """What came out: the firings in output order, and what was counted on the way."""

    firings: list[Fired]
    counts: Mapping[str, int]
    overflow: int
    contradicted: int

    @property
    def duplicates(self) -> int:
        return self.counts.get("duplicates", 0)

    @property
    def late(self) -> int:
        return self.counts.get("late", 0)


def run(
    definitions: Iterable[Any],
    messages: Sequence[Message],
    *,
    catalog: Iterable[Mapping[str, Any]] = (),
    lateness_ms: int = LATENESS_MS,
    presence: bool = True,
    session_timeout: bool = True,
    finish_at: int | None = None,
) -> Result:
    """Run the messages, then let the clock pass the last one (or `finish_at`)."""
    world = World(
        {str(product["id"]): product for product in catalog},
        lateness_ms,
        presence,
        session_timeout,
    )
    for definition in definitions:
        world.rules[definition.key] = rule_of(definition, 0)
    world.logged = [message[2] for message in messages if message[1] == "room_fact"]
    for message in messages:
        _deliver(world, message)
    last = messages[-1][0] if messages else 0
    world.advance(last if finish_at is None else finish_at)
    return _result(world)


def _deliver(world: World, message: Message) -> None:
    clock, what = message[0], message[1]
    if what in ("tick", "restart", "room_fact"):
        world.message(clock, [])
    elif what == "edit":
        world.edit(clock, message[2])
    elif what == "facts":
        world.take_facts(clock, message[2])
    elif what == "session_end":
        world.message(clock, [{"type": "session_ended", "room": message[2]}])
    elif what == "merge":
        link = {"type": "identity_linked", "anonymous_id": message[2], "viewer": message[3]}
        world.message(clock, [link])
    else:
        world.message(clock, what)


def _result(world: World) -> Result:
    rows = [*world.buried, *(row for rows in world.rows.values() for row in rows.values())]
    overflow = sum(slot.overflow for row in rows for slot in row.slots.values())
    overflow += sum(kept.overflow for row in rows for kept in row.lists.values())
    return Result(
        sorted(world.fired, key=lambda f: (f.at, f.viewer or "", f.room, f.moment, f.key or "")),
        dict(world.counts),
        overflow,
        sum(slot.contradicted for row in rows for slot in row.slots.values()),
    )
