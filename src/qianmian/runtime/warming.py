"""A minute of a room in which everything happens once, so that everything gets compiled.

A recorded log of a shop has no presented product, no link, no facts, no end of a session and no
change of definitions; a room has them all, and must not wait for the compiler when the first comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.language.ast import InSegment, Tag, walk
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.runtime.ports import Engine, EngineMaker

_START_MS: Final = 1_790_000_000_000  # any instant will do
_ROOM: Final = "room"
_CROWD: Final = 3_000
_STORY: Final[tuple[dict[str, Any], ...]] = (
    {"type": "session_started"},
    {"type": "product_presented", "product": "p"},
    {"type": "product_viewed", "product": "p", "viewer": "v"},
    {"type": "cart_added", "product": "p", "anonymous_id": "a"},
    {"type": "consent_changed", "viewer": "v", "purpose": "tag:qianmian_warm_up", "granted": False},
    {"type": "product_withdrawn", "product": "p"},
    {"type": "identity_linked", "viewer": "new", "anonymous_id": "a", "traits": {"city": "x"}},
    {"type": "session_ended"},
)
_OF_NO_ROOM: Final = frozenset({"identity_linked", "consent_changed"})

_OF_THE_ROOM: Final = parse_definition(
    "qianmian_warm_up", 'room.presenting == "p" and liked this session', kind="tag"
)
"""The built-in moments read no fact of a room through a tag; a shop's own may."""
_PAIR: Final = tuple(
    parse_definition(f"qianmian_{what}", f"cart_added without {what} within 1m on same product")
    for what in ("order_paid", "order_created")
)
"""Two that wait for the same thing: when one of them goes, the other's waiting is laid out anew."""


def warm(engines: EngineMaker, definitions: Sequence[Definition]) -> None:
    """Let everything happen once that a room can ask of the engine.

    Cost: a second with compiled kernels, a minute or two without.
    """
    definitions = [*definitions, _OF_THE_ROOM, *_PAIR]
    engine: Engine = engines.new(definitions)
    clock = _START_MS
    facts = Facts(facts_bytes([ViewerFacts("v")], boundary_ms=0))
    engine.take_facts(facts, clock)
    for row in _STORY:
        clock += 1_000
        room = {} if row["type"] in _OF_NO_ROOM else {"room": _ROOM}
        tail = EventBatch.from_rows(
            [{**row, **room, "clock": clock, "message_id": row["type"]}],
        )
        engine.run(tail)
        outcomes = engine.outcomes
        engine = engines.restored(engine.snapshot(), facts)
        engine.take_facts(facts, clock)
        half = len(definitions) // 2
        for fewer in (definitions[::2], definitions[:half], definitions[1:], definitions[:-1]):
            engine.change(_with_named(fewer, definitions), clock)
            engine.change(definitions, clock)
            engine.backfill(tail, outcomes, since_ms=clock - 500, clock_ms=clock)
    engine.run(_crowd(clock + 1_000))
    engine.finish(clock + 1_000)


def _with_named(chosen: Sequence[Definition], known: Sequence[Definition]) -> list[Definition]:
    """These definitions, and the tags and segments that they name."""
    by_name = {(one.kind, one.key): one for one in known}
    found = list(chosen)
    for one in found:  # grows while it is walked: what a tag names is needed, too
        for part in walk(one.expr):
            if isinstance(part, Tag | InSegment):
                named = by_name["tag" if isinstance(part, Tag) else "segment", part.key]
                found += [] if named in found else [named]
    return found


def _crowd(clock: int) -> EventBatch:
    """More names than a new engine has room for, each from a client of its own."""
    return EventBatch.from_rows(
        {
            "clock": clock,
            "type": "room_entered",
            "room": _ROOM,
            "viewer": f"v{n}",
            "stream": f"{n:016x}",
            "seq": 0,
        }
        for n in range(_CROWD)
    )
