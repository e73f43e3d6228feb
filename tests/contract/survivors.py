"""What must hold of a home after whatever killed its servers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.runtime.definitions import read_definitions
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Events, Message, Tick
from qianmian.storage.history import History
from qianmian.storage.history_schema import EVENTS, FIRINGS
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.vocabulary.firing import Firing

DEFINITIONS = """
- {key: third_view, text: count(product_viewed) this session >= 3}
- {key: basket, text: cart_added without order_paid within 2s}
- {key: quiet, text: product_viewed for 3s without cart_added}
- {key: hot_room, text: room.online >= 3 and count(liked) this session >= 2}
"""
OUTCOMES = ("accepted", "duplicate", "late", "refused")
Kept = tuple[int, str | None, str]


def no_facts(digest: str) -> Any:
    raise AssertionError(f"nobody wrote facts {digest}")


def empty_live() -> Live:
    return Live(Cores(), lingering_of_moments, no_facts)


def definitions_in(home: Path) -> Path:
    """Moments that fire at once, after a while, and by the room as a whole."""
    path = home / "definitions.yaml"
    path.write_text(DEFINITIONS, encoding="utf-8")
    active_definitions(read_definitions(path))  # they can be read
    return path


def undisturbed(log: SegmentLog) -> tuple[Live, list[Firing], list[Kept]]:
    """What a server that was never killed makes of the log: its end, what fired, every event."""
    live = empty_live()
    fired: list[Firing] = []
    kept: list[Kept] = []
    for message in log.read(0):
        applied = live.apply(message)
        fired += applied.firings
        if isinstance(message.body, Events):
            assert applied.outcomes is not None
            ids = [row.get("message_id") for row in message.body.batch.to_rows()]
            for name, outcome in zip(ids, applied.outcomes, strict=True):
                kept.append((message.offset, name, OUTCOMES[outcome]))
    return live, fired, kept


def check(home: Path, acknowledged: set[str]) -> int:
    """Nothing acknowledged is lost, nothing counts twice, nothing is decided otherwise.

    Returns: how many firings there are, so that a test sees that it tested something.
    """
    snapshots = SnapshotFolder(home / "snapshots")
    log = SegmentLog(home / "log", known_offset=snapshots.newest_offset or 0)
    try:
        live, fired, kept = undisturbed(log)
        assert acknowledged <= {name for _, name, _ in kept if name is not None}
        taken = Counter(name for _, name, outcome in kept if outcome == "accepted")
        assert set(taken.values()) <= {1}, taken.most_common(3)
        again = empty_live()
        again.recover(log, snapshots)
        for one in (live, again):  # boards are of whole seconds
            one.apply(Message(log.next_offset, log.last_clock + 1_000, Tick()))
    finally:
        log.close()
    history = History(home / "history")
    ids = [one for table in history.read(FIRINGS, ["id"]) for one in table["id"].to_pylist()]
    assert Counter(ids) == Counter(one.id for one in fired)
    rows = [
        (row["offset"], row["message_id"], row["outcome"])
        for table in history.read(EVENTS, ["offset", "message_id", "outcome"])
        for row in table.to_pylist()
    ]
    assert sorted(rows, key=str) == sorted(kept, key=str)
    before, after = live.views.board("r1"), again.views.board("r1")
    assert before is not None
    assert after is not None
    different = [
        (name, getattr(before, name), getattr(after, name))
        for name in before.__struct_fields__
        if getattr(before, name) != getattr(after, name)
    ]
    assert not different
    return len(fired)
