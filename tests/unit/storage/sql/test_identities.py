"""The projection of links: what it holds is the fold of everything, also when made again."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.profiles.identity import Edge, Saying, folded, person_around
from qianmian.runtime.messages import Events, Message
from qianmian.storage.history import History
from qianmian.storage.history_person import links_since
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.identities import IdentityStore

KNOWN = ("a", "b", "c")


def random_history(folder: Path, seed: int) -> tuple[History, list[Saying]]:
    """Links and ends of links in many messages, and what they say."""
    rng, history, said = Random(seed), History(folder), list[Saying]()
    for offset in range(60):
        rows = []
        for _ in range(rng.randrange(3)):
            own, known = rng.choice((*KNOWN, "?x", "?y", "?z")), rng.choice(KNOWN)
            kind = rng.choice(("identity_linked", "identity_linked", "identity_unlinked", "liked"))
            row = {"type": kind, "clock": 1_000 * offset, "viewer": own, "room": "r"}
            row |= {"event_time": 1_000 * offset - rng.choice((0, 5)), "source": "crm"}
            if kind != "liked":
                row["linked_viewer"] = known
            if kind != "liked" and own != known:
                pair = (own, known) if own[0] == "?" else (max(own, known), min(own, known))
                ends = kind == "identity_unlinked"
                said.append(Saying(*pair, int(str(row["event_time"])), ends, "crm"))
            rows.append(row | {"message": offset})
        if rows:
            batch = EventBatch.from_rows(sorted(rows, key=lambda one: int(str(one["event_time"]))))
            refused = np.full(len(rows), 3, np.uint8)
            history.add(Message(offset, 1_000 * offset, Events(batch)), outcomes=refused)
        if rng.random() < 0.3:
            history.flush()
    history.flush()
    return history, said


def test_a_projection_kept_up_is_one_made_from_zero(database: Database, tmp_path: Path) -> None:
    store = IdentityStore(database)
    for seed in range(6):
        folder = tmp_path / str(seed)
        history, _ = random_history(folder, seed)
        store.clear()
        assert (store.stop(), store.all()) == (0, [])
        said, stop = links_since(folder, 0)
        for place in range(0, len(said), 7):  # as it is kept up: some now, some later
            store.take(said[place : place + 7], place + 1)
        kept_up = store.all()
        assert kept_up == sorted(folded(said), key=lambda one: (one.own, one.known, one.since))
        assert any(one.until is not None for one in kept_up)
        assert stop == history.next_offset
        store.clear()
        store.take(*links_since(folder, 0))
        assert store.all() == kept_up
        store.take(said, stop)  # what was read is passed over
        assert store.all() == kept_up
        assert links_since(folder, stop) == ([], stop)
        for viewer in (*KNOWN, "?x"):
            around = store.edges_around(viewer)
            assert person_around(around, viewer) == person_around(kept_up, viewer)
            assert {one for one in kept_up if viewer in (one.own, one.known)} <= set(around)


def test_a_person_can_be_taken_out(database: Database) -> None:
    store = IdentityStore(database)
    store.take([Saying("?x", "a", 1, False, "web"), Saying("b", "a", 2, False, "crm"),
                Saying("?y", "c", 3, False, "web")], 9)  # fmt: skip
    assert [(one["own"], one["known"]) for one in store.of(["?x"])] == [("?x", "a")]
    assert {one["own"] for one in store.of(["a", "nobody"])} == {"?x", "b"}
    assert store.forget(["a", "?x", "nobody"]) == 2
    assert store.all() == [Edge("?y", "c", 3, None, "web")]
    assert store.stop() == 9


def test_what_is_said_in_the_order_of_the_log_counts_once(tmp_path: Path) -> None:
    _, said = random_history(tmp_path, 3)
    assert sorted(map(repr, links_since(tmp_path, 0)[0])) == sorted(map(repr, said))
