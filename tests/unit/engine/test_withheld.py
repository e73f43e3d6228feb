"""Tags that people took away, in numbers of rooms and of one viewer, over restarts and shards."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.engine.forgetting import rename
from qianmian.language.parse import parse_definition

BUSY = parse_definition("busy", "count(product_clicked) ever >= 1", "tag")
VIP = parse_definition("vip", "tag.busy", "segment")
LIKED = parse_definition("m", "liked and tag.busy")


def events(*rows: dict[str, Any]) -> EventBatch:
    return EventBatch.from_rows(
        [{"room": "r", "event_time": row["clock"], "message": row["clock"], **row} for row in rows]
    )


def clicked(clock: int, viewer: str) -> dict[str, Any]:
    return {"clock": clock, "viewer": viewer, "type": "product_clicked", "product": "p"}


def word(clock: int, viewer: str, *, granted: bool) -> dict[str, Any]:
    said = {"type": "consent_changed", "purpose": "tag:busy", "granted": int(granted)}
    return {"clock": clock, "viewer": viewer, **said, "room": None}


def counts(core: Core) -> tuple[int, int]:
    by_name = core.levels("r").by_name
    return by_name["tag.busy"].live, by_name["segment.vip"].live


@pytest.mark.parametrize("shards", [1, 3])
def test_numbers_of_a_room_do_not_count_who_took_the_tag_away(shards: int) -> None:
    core = Core([BUSY, VIP], shards=shards)
    core.run(events(*(clicked(1_000 + n, f"u{n}") for n in range(8))))
    assert counts(core) == (8, 8)
    core.run(events(word(2_000, "u1", granted=False), word(2_001, "u2", granted=False)))
    assert counts(core) == (6, 6)
    core = Core.restore(core.snapshot())
    core.run(events(word(3_000, "u2", granted=True)))
    assert counts(core) == (7, 7)
    core.change([BUSY, VIP, LIKED], 4_000)
    assert counts(core) == (7, 7)
    assert "tag.busy" not in (core.viewer_levels("r", "u1") or ())


def test_a_restart_in_the_middle_says_the_same_of_who_comes_back() -> None:
    core = Core([BUSY, LIKED])
    core.run(events(word(1_000, "u", granted=False)))
    core = Core.restore(core.snapshot())
    core.run(events(clicked(2_000, "u"), clicked(2_000, "w")))
    liked = [{"clock": 3_000, "viewer": one, "type": "liked"} for one in ("u", "w")]
    fired = core.run(events(*liked))
    assert [one.viewer for one in fired] == ["w"]


def test_who_is_erased_has_nothing_back_that_was_taken_away() -> None:
    core = Core([BUSY, LIKED])
    core.run(events(word(1_000, "u", granted=False)))
    rename(core, {"u": "erased-1"})
    core.run(events(clicked(2_000, "erased-1")))
    liked = {"clock": 3_000, "viewer": "erased-1", "type": "liked"}
    assert not list(core.run(events(liked)))
