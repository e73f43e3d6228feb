"""The console applies deltas as the server makes them: boards written here are read by its tests.

`console/tests/board-vectors.json` holds what `delta` makes of a few rooms. To write it again after
a change of the board: `python -m tests.unit.runtime.test_board_vectors`.
"""

from __future__ import annotations

import itertools
import random
from typing import Any

import msgspec

from qianmian.runtime.board import (
    Board,
    Comment,
    Doubts,
    Fired,
    Hesitating,
    HesitatingRow,
    Hot,
    Presented,
    Presenting,
    Stage,
    TrendPoint,
    applied,
    delta,
)
from tools.lints.walk import ROOT

FILE = ROOT / "console" / "tests" / "board-vectors.json"
SEEDS = range(5)
STEPS = 6


def board_of(before: Board | None, chance: random.Random, number: int) -> Board:
    """One more second of a room."""
    at = 1_000_000 + number * 5_000
    rows = [_row(chance, at) for _ in range(chance.randrange(6))]
    unique = {row.place: row for row in rows}.values()
    fired = tuple(
        Fired(at=at - n, moment="hesitation", viewer=f"v{n}", about=None, id=f"{number}-{n}")
        for n in range(chance.randrange(1, 8))
    )
    trend = (*(before.trend if before else ()), TrendPoint(at, number, number * 100, 1))
    return Board(
        room="r1",
        title="晚八点",
        session="s1",
        started_at=1_000_000,
        as_of=at,
        online=chance.randrange(3),
        online_peak=number,
        entered=number,
        gmv_minor=number * 1_000,
        refunds_minor=0,
        currency="CNY",
        orders=number // 2,
        orders_per_min=1,
        conversion_bp=chance.choice([None, 221]),
        gpm_minor=chance.choice([None, 689_100]),
        stage=chance.choice([None, "promo"]),
        presenting=chance.choice([None, Presenting("p1", "气垫", 3)]),
        funnel=(Stage("entered", number), Stage("order_paid", number // 2)),
        trend=trend,
        presented=(Presented("p1", "气垫", 1_000_000, chance.choice([None, at])),),
        hesitating=Hesitating(
            len(unique), tuple(sorted(unique, key=lambda row: (-row.at, row.place)))
        ),
        doubts=chance.choice([(), (Doubts("p1", None, 2, (Comment("真的吗", at),), rising=True),)]),
        hot=chance.choice([(), (Hot("p1", "气垫", number),)]),
        firings_by_moment={"hesitation": number},
        firings=(*fired, *(before.firings if before else ()))[:50],
        lag_ms=chance.randrange(3),
    )


def _row(chance: random.Random, at: int) -> HesitatingRow:
    product = chance.choice([None, "p1", 'p","2'])
    category = None if product else chance.choice([None, "kind"])
    viewer = chance.choice(["a", "b", "?c"])
    moments = ("hesitation",)
    return HesitatingRow(
        viewer, product, category, None, "hesitation", at - 9, at - chance.randrange(3), moments
    )


def rooms() -> list[list[Board]]:
    """A few rooms, second by second; the same at every call."""
    made = []
    for seed in SEEDS:
        chance = random.Random(seed)
        room: list[Board] = []
        for number in range(STEPS):
            room.append(board_of(room[-1] if room else None, chance, number))
        made.append(room)
    return made


def vectors() -> list[dict[str, Any]]:
    """Each room as the console hears it: a first board, the deltas, and what they must make."""
    return [
        {
            "boards": room,
            "deltas": [delta(one, other) for one, other in itertools.pairwise(room)],
        }
        for room in rooms()
    ]


def written() -> bytes:
    return msgspec.json.encode(vectors()) + b"\n"


def test_the_vectors_of_the_console_are_what_the_server_sends() -> None:
    assert FILE.read_bytes() == written(), f"write {FILE.name} again, see the head of this file"


def test_the_vectors_put_and_drop_rows_and_keep_the_law() -> None:
    deltas = [told for one in vectors() for told in one["deltas"]]
    moved = [told["hesitating"] for told in deltas if "hesitating" in told]
    assert any(one["put"] for one in moved)
    assert any(one["drop"] for one in moved)
    for room in rooms():
        for before, after in itertools.pairwise(room):
            assert applied(before, delta(before, after)) == after


if __name__ == "__main__":
    FILE.write_bytes(written())
