"""The ledger of consents: each change once, kept while it holds, and a proof after an erasure."""

from __future__ import annotations

from qianmian.runtime.consent_book import ConsentChange
from qianmian.runtime.persons import Erasure
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.storage.sql.database import Database


def change(place: int, viewer: str, at: int, *, granted: bool = True) -> ConsentChange:
    thing = ("personalized_marketing", "sms")
    return ConsentChange(7, place, viewer, *thing, granted, at, at, "shop", "v1", f"signed {place}")


def test_a_replay_writes_nothing_twice_and_what_holds_is_kept(database: Database) -> None:
    ledger = ConsentLedger(database)
    changes = [change(0, "a", 10), change(1, "a", 20, granted=False), change(2, "b", 10)]
    ledger.note(changes)
    ledger.flush()
    ledger.note(changes)  # told again by a replay
    assert ledger.of(["a", "b"]) == changes
    assert ledger.drop_before(15) == 1
    assert ledger.of(["a", "b"]) == changes[1:], "the newest word of each is kept, however old"


def test_an_erasure_leaves_the_proof_without_the_person(database: Database) -> None:
    ledger = ConsentLedger(database)
    ledger.note([change(0, "a", 10), change(1, "b", 10)])
    erasure = Erasure({"a": "erased-1"}, 9)
    assert ledger.forget(erasure) == 1
    assert ledger.forget(erasure) == 0
    assert ledger.of(["a"]) == []
    (kept,) = ledger.of(["erased-1"])
    assert kept.evidence.startswith("sha256:")
    assert (kept.text_version, kept.granted) == ("v1", True)
    assert [one.evidence for one in ledger.of(["b"])] == ["signed 1"]
