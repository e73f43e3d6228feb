"""Thousands of unknown viewers sign in within a second: every count has each person once.

Links come in any order, several devices of one person, devices that are linked a second time. What
the engine says, in any number of shards and across snapshots, is what sets of people say.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.board import FUNNEL
from qianmian.engine.core import Core
from qianmian.language.parse import parse_definition
from qianmian.runtime.hesitating import Lingering
from qianmian.runtime.room_view import RoomViews

UNKNOWN: Final = 1_500
KNOWN: Final = 500
SIGN_IN: Final = 20_000
END: Final = 30_000
LEVELS: Final = {
    "tag.carted": lambda acts: "cart_added" in acts,
    "segment.buyers": lambda acts: "order_paid" in acts,
    "segment.two_looks": lambda acts: acts.count("product_viewed") >= 2,
}
TEXTS: Final = {
    "tag.carted": "cart_added this session",
    "segment.buyers": "order_paid this session",
    "segment.two_looks": "count(product_viewed) this session >= 2",
}
Row = dict[str, Any]


def world(seed: int) -> list[Row]:
    """Acts of everybody, a second of links, and acts of everybody again."""
    rng = Random(seed)
    ids = [f"?x{n}" for n in range(UNKNOWN)] + [f"k{n}" for n in range(KNOWN)]
    kinds = ("product_viewed", "product_viewed", "product_clicked", "cart_added", "order_paid")
    rows: list[Row] = []

    def act(who: str, clock: int, kind: str) -> Row:
        row: Row = {"clock": clock, "type": kind, "room": "r", "message_id": f"m{len(rows)}"}
        row |= {"anonymous_id": who[1:]} if who[0] == "?" else {"viewer": who}
        if kind == "room_left":
            return row
        about = {"order_id": f"o{len(rows)}", "amount": 100} if kind == "order_paid" else {}
        return row | {"product": rng.choice("pqr")} | about if kind != "room_entered" else row

    for who in ids:
        if rng.random() < 0.8:
            rows.append(act(who, rng.randrange(10_000), "room_entered"))
        for _ in range(rng.randrange(3)):
            rows += [act(who, rng.randrange(10_000, 15_000), rng.choice(kinds))]
        if rng.random() < 0.2:
            rows.append(act(who, rng.randrange(15_000, SIGN_IN), "room_left"))
    linking = rng.sample(ids[:UNKNOWN], 1_200)
    linking += rng.sample(linking, 200)  # once more, to somebody else
    for who in linking:
        known = f"k{rng.randrange(KNOWN + 200)}"  # some were never here
        link = {"type": "identity_linked", "anonymous_id": who[1:], "viewer": known}
        at = SIGN_IN + rng.randrange(1_000)
        rows.append({**link, "clock": at, "message_id": f"m{len(rows)}"})
        if rng.random() < 0.5:  # within the same second, before the link or after it
            rows.append(act(who, SIGN_IN + rng.randrange(1_000), rng.choice(kinds)))
    for who in ids:
        if rng.random() < 0.3:
            rows += [act(who, rng.randrange(SIGN_IN + 1_000, END), rng.choice(kinds))]
    return sorted(rows, key=lambda row: int(row["clock"]))


def people(rows: list[Row]) -> dict[str, str]:
    """Who an unknown one is, by the first link of each."""
    found: dict[str, str] = {}
    for row in rows:
        if row["type"] == "identity_linked":
            found.setdefault("?" + row["anonymous_id"], row["viewer"])
    return found


def counted(rows: list[Row]) -> dict[str, int]:
    """Each person once, by walking the rows."""
    person, by_kind, acts = people(rows), dict[str, set[str]](), dict[str, list[str]]()
    here: dict[str, bool] = {}  # by id until its link, then of the person
    linked: dict[str, str] = {}
    for row in rows:
        who = "?" + row["anonymous_id"] if "anonymous_id" in row else row["viewer"]
        if row["type"] == "identity_linked":
            if who not in linked:
                linked[who] = row["viewer"]
                if who in here:
                    here[row["viewer"]] = here.pop(who) or here.get(row["viewer"], False)
            continue
        here[linked.get(who, who)] = row["type"] != "room_left"
        one = person.get(who, who)
        by_kind.setdefault(row["type"], set()).add(one)
        acts.setdefault(one, []).append(row["type"])
    found = {kind: len(by_kind.get(kind, ())) for kind in FUNNEL}
    found |= {name: sum(map(holds, acts.values())) for name, holds in LEVELS.items()}
    return found | {"online": sum(here.values())}


def said(engine: Core) -> dict[str, int]:
    board, levels = engine.board("r"), engine.levels("r")
    held = {name: levels.by_name[name].live for name in LEVELS}
    return {**board.funnel, **held, "online": board.online}


def definitions() -> list[Any]:
    levels = [
        parse_definition(name.partition(".")[2], text, name.partition(".")[0])
        for name, text in TEXTS.items()
    ]
    return [*levels, parse_definition("carted_now", "cart_added again after 1ms")]


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("seed", range(2))
def test_every_count_has_each_person_once(seed: int, shards: int) -> None:
    rows, rng = world(seed), Random(seed)
    engine = Core(definitions(), shards=shards)
    cuts = sorted({rng.randrange(len(rows)) for _ in range(6)} | {len(rows)})
    done = 0
    for cut in cuts:
        engine.run(
            EventBatch.from_rows(
                {**row, "message": n} for n, row in enumerate(rows[done:cut], done)
            )
        )
        done = cut
        if rng.random() < 0.5:
            assert said(engine) == counted(rows[:done])
            engine = Core.restore(engine.snapshot())
    assert said(engine) == counted(rows)
    assert engine.merges_refused == sum(row["type"] == "identity_linked" for row in rows) - len(
        people(rows)
    )
    assert engine.merges_refused >= 150


def test_the_list_of_those_who_hesitate_has_each_person_once() -> None:
    """Who has carted and not paid since is listed, under one id each, and only who is here."""
    rows = [row for row in world(7) if row["type"] != "room_left"]
    engine = Core(definitions(), shards=2)
    lingering = Lingering(frozenset({"order_paid"}), False, 10**9, 0, by_product=False)
    views = RoomViews({"carted_now": lingering})
    for clock in range(0, END + 1_000, 1_000):
        some = [row for row in rows if clock <= row["clock"] < clock + 1_000]
        batch = EventBatch.from_rows(some)
        fired = engine.run(batch)
        views.observe(batch, engine.outcomes.astype(np.uint8), fired)
        engine.advance(clock + 1_000)
        views.look([engine.board("r")], clock + 1_000, engine)
    linked, open_carts = dict[str, str](), set[str]()
    for row in rows:
        who = "?" + row["anonymous_id"] if "anonymous_id" in row else row["viewer"]
        if row["type"] == "identity_linked" and who not in linked:
            linked[who] = row["viewer"]
            if who in open_carts:
                open_carts = open_carts - {who} | {row["viewer"]}
        elif row["type"] == "cart_added":
            open_carts.add(linked.get(who, who))
        elif row["type"] == "order_paid":
            open_carts.discard(linked.get(who, who))
    board = views.board("r")
    assert board is not None
    assert board.hesitating.count == len(open_carts) > 100
    assert {one.viewer for one in board.hesitating.rows} <= open_carts
