"""A small room that is told to a live state, as a server would."""

from __future__ import annotations

from typing import Any

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.columns.joining import one_message
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Catalog, DefinitionsChanged, Events, Message, RoomFacts, Tick
from qianmian.vocabulary.firing import Firing
from tests.fakes.memory_log import MemoryLog

START = 1_790_000_000_000
DEFINITIONS = tuple(active_definitions())


def no_facts(digest: str) -> Any:
    raise AssertionError(f"nobody wrote facts {digest}")


def new_live() -> Live:
    return Live(Cores(), lingering_of_moments, no_facts)


def event(at: int, kind: str, viewer: str | None = None, **fields: Any) -> dict[str, Any]:
    row = {"clock": START + at, "type": kind, "room": "r1", "source": "web", **fields}
    return row if viewer is None else row | {"viewer": viewer}


def story() -> list[tuple[int, list[dict[str, Any]]]]:
    """Messages of a small room: (clock, rows)."""
    told = [(0, [event(0, "session_started", properties='{"title":"晚八点"}')])]
    told.append((500, [event(500, "product_presented", product="p1")]))
    for n in range(6):
        at, viewer = 1_000 + n // 2, f"v{n ^ 1}"  # two messages an instant, the later name first
        told.append(
            (
                at,
                [
                    event(at, "room_entered", viewer, message_id=f"a{n}"),
                    event(at, "product_viewed", viewer, product="p1", message_id=f"b{n}"),
                ],
            )
        )
    for beat in range(1, 14):
        rows = [
            event(beat * 14_000, "heartbeat", f"v{n}", visible=1, message_id=f"h{beat}-{n}")
            for n in range(5)
        ]
        told.append((beat * 14_000, rows))
    told.append((61_000, [event(61_000, "comment_sent", "v1", text="真的假的", classes=1)]))
    told.append((62_000, [event(62_000, "comment_sent", "v2", text="真的吗", classes=1)]))
    told.append((63_000, [event(63_000, "comment_sent", "v3", text="不信", classes=1)]))
    paid = {"order_id": "o1", "amount": 9_900, "currency": "CNY", "verified": 1}
    items = [{"product": "p1", "quantity": 1, "amount": 9_900}]
    told.append((150_000, [event(150_000, "order_paid", "v1", items=items, **paid)]))
    told.append((151_000, [event(151_000, "room_left", "v2")]))
    return sorted(told, key=lambda one: one[0])


def written(log: MemoryLog, live: Live) -> list[Firing]:
    """The story told to a running server, with ticks in its silences."""
    firings: list[Firing] = []

    def tell(clock: int, *bodies: Any) -> None:
        first = log.append(clock, bodies)
        log.commit()
        for offset, body in enumerate(bodies, first):
            applied = live.apply(Message(offset, clock, body))
            firings.extend(applied.firings)
            if applied.found:
                tell(clock, RoomFacts(applied.found))

    tell(START, Catalog(()), DefinitionsChanged(DEFINITIONS))
    clock = 0
    for at, rows in story():
        while clock + 1_000 < at:
            clock += 1_000
            tell(START + clock, Tick())
        clock = at
        batch = EventBatch.from_rows(rows)
        tell(START + at, Events(one_message([batch], clock=START + at, message=log.next_offset)))
    return firings
