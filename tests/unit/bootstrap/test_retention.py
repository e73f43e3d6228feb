"""What has been kept long enough goes, hour by hour, each class of data after its own days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qianmian.bootstrap.retention import retention_chores, retention_of
from qianmian.columns.batch import EventBatch
from qianmian.runtime.consent_book import ConsentChange
from qianmian.runtime.messages import Events, Message, Tick
from qianmian.settings import Settings
from qianmian.storage.history import History
from qianmian.storage.history_schema import EVENTS
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.vocabulary.time import DAY_MS
from tests.tables import database_in

NOW = 1_790_000_000_000
DAYS = {"log": 10, "texts": 20, "history": 1_100, "consents": 1_200}
AGES = (1_300, 1_101, 1_099, 21, 19, 11, 9, 0)
"""Days ago; something of each class is told at each."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        retention_days=DAYS["log"],
        text_days=DAYS["texts"],
        history_days=DAYS["history"],
        consent_days=DAYS["consents"],
    )


def log_of(folder: Path) -> SegmentLog:
    """A segment for each age, message 0 the oldest."""
    log = SegmentLog(folder / "log", segment_bytes=1)
    for age in AGES:
        log.append(NOW - age * DAY_MS, [Tick()])
        log.commit()
    return log


def history_of(folder: Path) -> History:
    """A comment at each age."""
    history = History(folder / "history")
    for offset, age in enumerate(AGES):
        clock = NOW - age * DAY_MS
        row = {"type": "comment_sent", "viewer": "v", "room": "r", "text": f"{age} days ago"}
        batch = EventBatch.from_rows([{**row, "clock": clock, "message": offset}])
        history.add(Message(offset, clock, Events(batch)), outcomes=np.zeros(1, np.uint8))
    history.flush()
    return history


def told(offset: int, age: int) -> ConsentChange:
    at = NOW - age * DAY_MS
    thing = ("personalized_marketing", "sms")
    return ConsentChange(offset, 0, "v", *thing, bool(offset % 2), at, at, "shop", "v1", "")


def test_each_class_of_data_goes_after_its_days(settings: Settings, tmp_path: Path) -> None:
    log, history = log_of(tmp_path), history_of(tmp_path)
    snapshots = SnapshotFolder(tmp_path / "snapshots")
    database = database_in(tmp_path / "home" / "qianmian.db")
    ledger = ConsentLedger(database)
    ledger.note([told(offset, age) for offset, age in enumerate(AGES)])
    ledger.flush()
    parts = (settings, log, snapshots, history, ledger, lambda: NOW)
    assert {name: retention_of(settings)[name] for name in DAYS} == DAYS
    chores = {one.name: one.do for one in retention_chores(*parts)}
    assert list(chores) == ["log_retention", "history_retention", "consent_retention"]

    assert chores["log_retention"]() == [], "without a snapshot all of it is needed"
    snapshots.folder.mkdir(parents=True, exist_ok=True)
    (snapshots.folder / f"{5:020d}.snapshot").touch()
    assert len(log.segments) == len(AGES)
    chores["log_retention"]()
    assert [message.offset for message in log.read(log.first_offset)] == [5, 6, 7], (
        "message 5 is of eleven days ago, and the snapshot begins there"
    )
    (snapshots.folder / f"{5:020d}.snapshot").rename(snapshots.folder / f"{7:020d}.snapshot")
    chores["log_retention"]()
    assert log.first_offset == 6, "nine days ago"

    assert chores["history_retention"]() == 6, "four texts, then two hours of history"
    kept = [row for table in history.read(EVENTS) for row in table.to_pylist()]
    assert [(NOW - row["clock"]) // DAY_MS for row in kept] == [1_099, 21, 19, 11, 9, 0]
    said = [row["text"] for row in kept]
    assert said == [None, None, *(f"{age} days ago" for age in (19, 11, 9, 0))]
    assert chores["history_retention"]() == 0

    assert chores["consent_retention"]() == 1
    assert [one.offset for one in ledger.of(["v"])] == [1, 2, 3, 4, 5, 6, 7]
    log.close()
    database.close()


def test_the_newest_consent_is_kept_for_ever(settings: Settings, tmp_path: Path) -> None:
    database = database_in(tmp_path / "home" / "qianmian.db")
    ledger = ConsentLedger(database)
    ledger.note([told(0, 9_000)])
    ledger.flush()
    log, history = log_of(tmp_path), History(tmp_path / "history")
    parts = (settings, log, SnapshotFolder(tmp_path / "snapshots"), history, ledger, lambda: NOW)
    (*_, consents) = retention_chores(*parts)
    assert consents.do() == 0
    assert len(ledger.of(["v"])) == 1
    log.close()
    database.close()
