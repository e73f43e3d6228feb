"""State is a function of the log: whoever starts again comes to the same firings and boards."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import pytest

from qianmian.errors import InputError
from qianmian.runtime.beginning import Anew
from qianmian.runtime.board import Board
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Message, Tick
from qianmian.vocabulary.firing import Firing
from tests.fakes.memory_log import MemoryLog, MemorySnapshots
from tests.room_story import START, new_live, written

FIELDS = Board.__struct_fields__


def in_order(firings: list[Firing]) -> list[tuple[int, str]]:
    """As the digest has them: one call tells firings of one instant by viewer, several as come."""
    return sorted((one.at, one.id) for one in firings)


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
    log, _, firings = told
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
    found = second.recover(log, snapshots, tell=lambda _, applied: after.extend(applied.firings))
    assert in_order(before + after) == in_order(firings)
    assert found == [], "all that was found is in the log"
    assert second.offset == log.next_offset
    undisturbed = new_live()  # one more second is over, so that both have just been looked at
    undisturbed.recover(log, MemorySnapshots(), alone_below=log.next_offset)
    for one in (undisturbed, second):
        one.apply(Message(log.next_offset, one.clock + 1_000, Tick()))
    old, new = undisturbed.views.board("r1"), second.views.board("r1")
    assert old is not None
    assert new is not None
    assert [name for name in FIELDS if getattr(new, name) != getattr(old, name)] == []


def unreadable(log: MemoryLog, cut: int) -> MemorySnapshots:
    """A snapshot as another version of the program would have written it."""
    live, snapshots = new_live(), MemorySnapshots()
    for message in log.read(0, until=cut):
        live.apply(message)
    kept = live.snapshot()
    assert kept is not None
    snapshots.save(replace(kept, engine=b"of another version"))
    return snapshots


def test_a_snapshot_of_another_version_is_passed_over_where_the_log_is_whole(
    told: tuple[MemoryLog, Live, list[Firing]],
) -> None:
    log, _, firings = told
    live, after = new_live(), list[Firing]()
    found = live.recover(
        log, unreadable(log, 5), tell=lambda _, applied: after.extend(applied.firings)
    )
    assert live.unread is not None
    assert in_order(after) == in_order(firings)
    assert found == []


def test_where_the_log_is_not_whole_somebody_must_say_that_it_begins_anew(
    told: tuple[MemoryLog, Live, list[Firing]],
) -> None:
    whole, known, _ = told
    log = copy(whole)
    log.first_offset = 4
    with pytest.raises(InputError, match=r"kept from message 4 on.*--anew"):
        new_live().recover(log, unreadable(whole, 5))
    with pytest.raises(InputError, match="there is no snapshot"):
        new_live().recover(log, MemorySnapshots())
    live = new_live()
    live.recover(log, unreadable(whole, 5), anew=Anew(known.definitions, known.products))
    assert live.offset == whole.next_offset
    assert live.definitions == known.definitions
    board = live.views.board("r1")
    assert board is not None
    assert board.entered > 0
