"""`run(definitions, messages)`: the whole oracle as one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.convert import rule_of, shape
from tests.oracle.world import Fired, World

Message = tuple[Any, ...]
"""(clock, [event, ...]), or (clock, "tick"), (clock, "restart"), (clock, "edit", definition),
(clock, "session_end", room), (clock, "merge", anonymous_id, viewer[, traits]),
(clock, "facts", Facts),
(clock, "room_fact", {second, room, name, value, key}), which holds from its second on,
(clock, "backfilled", since)."""

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

    def new_world() -> World:
        products = {str(product["id"]): product for product in catalog}
        return World(products, lateness_ms, presence, session_timeout)

    definitions = list(definitions)
    world = new_world()
    for definition in definitions:
        world.rules[definition.key] = rule_of(definition, 0)
    world.logged = [message[2] for message in messages if message[1] == "room_fact"]
    for place, message in enumerate(messages):
        if message[1] == "backfilled":
            backfill(world, new_world, definitions, messages[:place], message)
        else:
            deliver(world, message)
    last = messages[-1][0] if messages else 0
    world.advance(last if finish_at is None else finish_at)
    return _result(world)


def backfill(
    world: World,
    new_world: Callable[[], World],
    definitions: Iterable[Any],
    before: Sequence[Message],
    message: Message,
) -> None:
    """What an edit made new since `since` is as if the edit had been there: by running it again."""
    clock, since = message[0], message[2]
    edits = {m[2].key: m for m in before if m[1] == "edit" and m[0] >= since}
    new = [edit[2] for edit in edits.values() if is_new(definitions, before, edit, since)]
    world.advance(clock - 1)
    past = new_world()
    for definition in definitions:
        past.rules[definition.key] = rule_of(definition, 0)
    told = False
    for one in before:
        if one[0] >= since and not told:
            told = True
            for definition in new:
                past.edit(since, definition)
        if one[1] == "edit" and one[2].key in {definition.key for definition in new}:
            continue
        if one[1] != "backfilled":
            deliver(past, one)
    past.advance(clock - 1)
    for definition in new:
        world.adopt(past, definition.key, clock)


def is_new(
    definitions: Iterable[Any], before: Sequence[Message], edit: Message, since: int
) -> bool:
    """Whether the last edit of a key changed more than numbers."""
    older = [one for one in definitions if one.key == edit[2].key]
    older += [m[2] for m in before if m[1] == "edit" and m[2].key == edit[2].key and m is not edit]
    if not older:
        return True
    before_edit, after_edit = rule_of(older[-1], 0).tree, rule_of(edit[2], 0).tree
    return bool(shape(before_edit) != shape(after_edit))


def deliver(world: World, message: Message) -> None:
    """Hand one message to the world."""
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
        world.message(clock, [link_of(message)])
    else:
        world.message(clock, what)


def link_of(message: Message) -> dict[str, Any]:
    """The event of a merge."""
    link = {"type": "identity_linked", "anonymous_id": message[2], "viewer": message[3]}
    return link | ({"traits": message[4]} if len(message) > 4 else {})


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
