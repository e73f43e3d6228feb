"""A viewer is called otherwise, and leaves: what an erasure does to a running engine."""

from __future__ import annotations

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.forgetting import evict, rename
from qianmian.engine.interning import Interner
from qianmian.errors import InputError
from qianmian.language.definition import Definition
from qianmian.language.parse import parse
from tests.differential.engine_runs import core

T0 = 1_717_200_000_000


def test_a_code_gets_another_name_and_the_old_one_is_nowhere() -> None:
    names = Interner(100, ["a", "secret-one", "c", ""])
    assert names.rename("secret-one", "x")
    assert names.snapshot() == ["a", "x", "c", ""]
    assert names.codes(["a", "x", "c", "", "secret-one"]).tolist() == [0, 1, 2, 3, -1]
    assert b"secret" not in names.texts.tobytes()
    assert names.rename("c", "a much longer name than there was")
    assert names.intern("new") == 4
    assert names.snapshot()[2] == "a much longer name than there was"
    assert not names.rename("nobody", "y")
    with pytest.raises(InputError):
        names.rename("a", "x")


def test_many_names_survive_a_rename_and_a_grown_table() -> None:
    names = Interner(100_000, [f"viewer-{k}" for k in range(3_000)])
    assert names.rename("viewer-1500", "erased")
    names.intern_many([f"later-{k}" for k in range(3_000)])
    assert names.code("viewer-2999") == 2_999
    assert names.code("erased") == 1_500
    assert names.code("viewer-1500") == -1


def test_who_is_erased_leaves_and_nothing_of_theirs_waits() -> None:
    waits = Definition("left_it", "moment", parse("cart_added without order_paid within 30s"))
    engine = core.Core([waits])
    rows = [
        {"type": kind, "viewer": viewer, "room": "r1", "product": "p1", "visit": f"{viewer}-7"}
        for viewer in ("member-one", "member-two")
        for kind in ("room_entered", "cart_added")
    ]
    engine.run(EventBatch.from_rows([row | {"clock": T0, "message": 0} for row in rows]))
    assert engine.board("r1").online == 2
    rename(engine, {"member-one": "erased-1"})
    assert engine.viewer_now("r1", "member-one") is None
    assert engine.viewer_now("r1", "erased-1") is not None
    assert b"member-one" not in engine.snapshot()
    assert evict(engine, ["erased-1", "unknown"], T0 + 1) == []
    assert engine.viewer_now("r1", "erased-1") is None
    assert engine.board("r1").online == 1
    fired = engine.advance(T0 + 40_000)
    assert [one.viewer for one in fired] == ["member-two"]
    assert engine.board("r1").funnel["cart_added"] == 2
