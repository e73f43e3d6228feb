"""State is a function of the log: whoever starts again comes to the same firings and boards."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.columns.joining import one_message
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Catalog, DefinitionsChanged, Events, Message, RoomFacts, Tick
from qianmian.vocabulary.firing import Firing
from tests.fakes.memory_log import MemoryLog, MemorySnapshots

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
        viewer = f"v{n}"
        told.append(
            (
                1_000 + n,
                [
                    event(1_000 + n, "room_entered", viewer, message_id=f"a{n}"),
                    event(1_000 + n, "product_viewed", viewer, product="p1", message_id=f"b{n}"),
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


@pytest.fixture(scope="module")
def told() -> tuple[MemoryLog, Live, list[Firing]]:
    log, live = MemoryLog(), new_live()
    return log, live, written(log, live)


def test_the_board_shows_who_hesitates_until_they_order_or_leave(
    told: tuple[MemoryLog, Live, list[Firing]],
) -> None:
    _, live, firings = told
    board = live.views.board("r1")
    assert board is not None
    hesitated = {one.viewer for one in firings if one.moment == "hesitation"}
    assert hesitated == {"v0", "v1", "v2", "v3", "v4"}, "v5 sent no heartbeat and was gone"
    rows = {row.viewer for row in board.hesitating.rows if row.reason == "hesitation"}
    assert rows == {"v0", "v3", "v4"}, "v1 ordered, v2 left"
    assert board.hesitating.count == len(board.hesitating.rows)
    assert [row.since for row in board.hesitating.rows if row.viewer == "v0"] == [START + 1_000]


def test_the_numbers_of_the_board(told: tuple[MemoryLog, Live, list[Firing]]) -> None:
    _, live, _ = told
    board = live.views.board("r1")
    assert board is not None
    assert board.title == "晚八点"
    assert board.entered == 6
    assert board.online_peak == 6
    assert board.gmv_minor == 9_900
    assert board.conversion_bp == 1_666
    assert board.presenting is not None
    assert board.presenting.product == "p1"
    assert {stage.stage: stage.viewers for stage in board.funnel}["product_viewed"] == 6


def test_doubts_are_about_what_was_presented(told: tuple[MemoryLog, Live, list[Firing]]) -> None:
    _, live, _ = told
    board = live.views.board("r1")
    assert board is not None
    assert [(d.product, d.viewers) for d in board.doubts] == [("p1", 3)]
    assert [comment.text for comment in board.doubts[0].latest] == ["不信", "真的吗", "真的假的"]


@pytest.mark.parametrize("share", [0, 3, 7, 10])
def test_a_restart_anywhere_comes_to_the_same_state(
    share: int, told: tuple[MemoryLog, Live, list[Firing]]
) -> None:
    log, undisturbed, firings = told
    cut = 2 + (log.next_offset - 2) * share // 10
    snapshots = MemorySnapshots()
    before: list[Firing] = []
    after: list[Firing] = []
    first = new_live()
    for message in log.read(0, until=cut):
        before += first.apply(message).firings
    kept = first.snapshot()
    assert kept is not None
    snapshots.save(kept)
    second = new_live()
    found = second.recover(log, snapshots, on_firings=after.extend)
    assert [one.id for one in before + after] == [one.id for one in firings]
    assert found == [], "all that was found is in the log"
    assert second.offset == log.next_offset
    old, new = undisturbed.views.board("r1"), second.views.board("r1")
    assert old is not None
    assert new is not None
    assert new.hesitating == old.hesitating
    assert new.doubts == old.doubts
    assert new.firings == old.firings
    assert new.presented == old.presented
