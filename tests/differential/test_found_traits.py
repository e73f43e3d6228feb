"""What somebody loves and their life stage, in conditions: engine, oracle and history say the same.

A random past is written to history; a build of facts of it enters an engine, which lives through
the evening. The oracle is handed what a plain walk over the rows says of each person.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts
from qianmian.columns.registered import with_days_registered
from qianmian.engine.core import Core
from qianmian.language.parse import parse, parse_definition
from qianmian.profiles.found import FOUND_TRAITS, found_traits
from qianmian.profiles.profile import SHANGHAI_MS, profile_of
from qianmian.storage.history import History
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.vocabulary.product import Product
from tests.differential.test_history_facts import BOUNDARY, DAY, written
from tests.oracle import facts as oracle
from tests.oracle.run import run

VIEWERS: Final = ("a", "b", "c", "d", "e", "f")
POINTS: Final = {"product_viewed": 1, "product_clicked": 2, "cart_added": 5, "order_paid": 10}
TYPES: Final = (*POINTS, "liked", "comment_sent", "profile_updated")
BANDS: Final = ((5_000, "under_50"), (20_000, "50_200"), (50_000, "200_500"))
PRODUCTS: Final = (
    Product("p1", category=("beauty", "serum"), brand="b1", brand_tone="warm", price_minor=29_900),
    Product("p2", category=("coat",), brand="b2", price_minor=4_999),
    Product("p3", category=("serum",), brand="b1", brand_tone="cool", price_minor=5_000),
    Product("p4"),
)
QUESTIONS: Final = (
    *(f"trait.loved_category == {one}" for one in ("serum", "coat", "tea")),
    *(f'trait.loved_price_band == "{one}"' for one in ("under_50", "50_200", "200_500")),
    "trait.loved_brand == b1",
    'trait.loved_brand != ""',
    "trait.loved_brand_tone in (warm, cool)",
    *(
        f"trait.life_stage == {one}"
        for one in ("new", "active", "churn_risk", "dormant", "returned")
    ),
    'not trait.life_stage != ""',
    "trait.life_stage in (dormant, returned) and liked this session",
    "trait.life_stage >= 3",
    *(f"trait.registered_days {one}" for one in ("<= 7", ">= 20", "== 0", "!= 3", "== many")),
)
Row = dict[str, Any]


def events(rng: Random) -> list[Row]:
    """A hundred days before the boundary and some minutes after it; `?x` turns out to be `a`."""
    spans = {one: rng.choice((1, 3, 20, 40, 100)) for one in (*VIEWERS, "x")}
    gaps = {one: rng.choice((0, 1, 13, 14, 29, 30, 31)) for one in spans}
    rows: list[Row] = []
    for who, span in spans.items():
        newest = BOUNDARY - gaps[who] * DAY - (rng.choice((0, 1)) or who == "x")
        times = [newest - rng.randrange(1, span * DAY) for _ in range(rng.randrange(14))]
        if rng.random() < 0.3:  # came once, and again after a while
            times = [newest - rng.choice((29, 30, 31, 200)) * DAY]
        times += [newest]
        times += [BOUNDARY + rng.randrange(600_000) for _ in range(rng.randrange(4)) if who != "x"]
        rows += [event(rng, who, at) for at in times]
    rows.sort(key=lambda row: int(row["clock"]))
    link = {"type": "identity_linked", "anonymous_id": "x", "viewer": "a"}
    at = max(int(row["clock"]) for row in rows if "anonymous_id" in row)
    place = next((k for k, row in enumerate(rows) if row["clock"] > at), len(rows))
    return [*rows[:place], {"clock": at, **link}, *rows[place:]]


def event(rng: Random, who: str, at: int) -> Row:
    row: Row = {"clock": at, "type": rng.choice(TYPES)}
    row |= {"anonymous_id": who} if who == "x" else {"viewer": who}
    if row["type"] == "profile_updated":
        name = rng.choice(("loved_category", "life_stage", "city", "registered_at"))
        if name == "registered_at":
            return {**row, "traits": {name: registered(rng, at)}}
        return {**row, "traits": {name: rng.choice(("serum", "dormant", 5))}}
    row["room"] = "r"
    if row["type"] in POINTS:
        if rng.random() < 0.2:
            lines = [about(rng) for _ in range(rng.randrange(1, 4))]
            row["items"] = [{n: v for n, v in one.items() if n != "brand"} for one in lines]
        else:
            row |= about(rng)
    return row


def registered(rng: Random, at: int) -> str | int:
    """A date on or before an instant as shops write it, the instant itself, or no date at all."""
    then = at - rng.choice((0, 1, 6, 30)) * DAY - rng.randrange(DAY)
    local = datetime.fromtimestamp((then + SHANGHAI_MS) / 1_000, UTC)
    forms = ("%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y年%m月%d日", "%Y-%m-%dT%H:%M:%S+08:00")
    told: tuple[str | int, ...] = (*map(local.strftime, forms), then, then // 1_000, "soon")
    return rng.choice(told)


def about(rng: Random) -> Row:
    found: Row = {"product": rng.choice(("p1", "p1", "p2", "p3", "p4", "p5"))}
    if rng.random() < 0.3:
        found |= {"category": rng.choice(("serum", "tea"))}
    if rng.random() < 0.3:
        found |= {"price": rng.choice((4_999, 5_000, 19_999, 20_000, 999_900))}
    return found | ({"brand": "b3"} if rng.random() < 0.1 else {})


def logged(row: Row) -> Row:
    """The row as the log gets it."""
    batch = with_days_registered(EventBatch.from_rows([row]), "Asia/Shanghai")
    return {**row, "traits": dict(batch.traits[0])} if batch.traits else row


def since(told: str | int) -> int | None:
    """The days at the boundary since what `registered` wrote."""
    if isinstance(told, str):
        numbers = [int(one) for one in re.findall(r"\d+", told)[:3]]
        day = date(*numbers) if numbers else None
    else:
        ms = told if told > 10**11 else told * 1_000
        day = date(1970, 1, 1) + timedelta(days=(ms + SHANGHAI_MS) // DAY)
    return None if day is None else (date(2024, 6, 2) - day).days


def plain(rows: list[Row]) -> dict[str, str]:
    """What a walk over one person's rows before the boundary finds, without any of our folds."""
    known = {one.id: one for one in PRODUCTS}
    weights: dict[str, dict[str, float]] = {name: {} for name in FOUND_TRAITS[:4]}
    acts = dict.fromkeys(weights, 0)
    for row in rows:
        for line in row.get("items") or [row]:
            if row["type"] not in POINTS or "product" not in line:
                continue
            product = known.get(line["product"], Product("?"))
            price = line.get("price", product.price_minor)
            said = {
                "loved_category": line.get("category") or (product.category or [None])[-1],
                "loved_brand": line.get("brand") or product.brand,
                "loved_brand_tone": product.brand_tone,
                "loved_price_band": None if price is None else band(price),
            }
            points = POINTS[row["type"]] * 2 ** ((row["clock"] - BOUNDARY) / (14 * DAY))
            for name, value in said.items():
                if value is not None:
                    acts[name] += 1
                    weights[name][value] = weights[name].get(value, 0) + points
    found: dict[str, str] = {}
    for name, values in weights.items():
        for value, weight in values.items():
            share = weight / sum(values.values())
            if acts[name] >= 5:
                assert abs(share - 0.5) > 1e-9, "no coin is tossed here"
                found |= {name: value} if share > 0.5 else {}
    stage = plain_stage([row for row in rows if row["type"] != "profile_updated"])
    return found | ({} if stage is None else {"life_stage": stage})


def band(price: int) -> str:
    return next((name for bound, name in BANDS if price < bound), "1000_up")


def plain_stage(rows: list[Row]) -> str | None:
    """Day by day."""
    came = {(row["clock"] + SHANGHAI_MS) // DAY: False for row in rows}
    for row in rows:
        came[(row["clock"] + SHANGHAI_MS) // DAY] |= row["type"] == "order_paid"
    stage, last = None, 0
    for day in range(min(came, default=10**9), (BOUNDARY + SHANGHAI_MS) // DAY + 1):
        away = day - last
        if stage is not None and away in (14, 30):
            stage = "churn_risk" if away == 14 else "dormant"
        if day in came:
            if stage is None:
                stage = "active" if came[day] else "new"
            else:
                stage = "returned" if stage == "dormant" and not came[day] else "active"
            last = day
    return stage


def of_person(rows: list[Row]) -> dict[str, list[Row]]:
    """Who is told in the log, and their rows; what `?x` did is what `a` did."""
    people: dict[str, list[Row]] = {}
    for row in rows:
        if row["type"] != "identity_linked":
            people.setdefault(row.get("viewer", "a"), []).append(row)
    return people


def holding(said: list[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {text: set() for text in QUESTIONS}
    for moment, viewer in said:
        found[QUESTIONS[int(moment[1:])]].add(viewer)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_engine_oracle_and_history_say_the_same_of_found_traits(seed: int, tmp_path: Path) -> None:
    rows = [logged(row) for row in events(Random(seed))]
    past = [row for row in rows if row["clock"] < BOUNDARY]
    evening = [row for row in rows if row["clock"] >= BOUNDARY]
    people = of_person(past)
    history = History(tmp_path)
    written(history, past, 0)
    reader = HistoryReader(tmp_path, products=PRODUCTS)
    asked = [parse(text) for text in QUESTIONS]
    facts = Facts(build_facts(reader, asked, BOUNDARY))
    wanted = {}
    for who, theirs in people.items():
        mine = [row | {"event_time": row["clock"]} for row in theirs]
        told = {k: v for row in mine for k, v in row.get("traits", {}).items()
                if k not in ("city", "registered_at")}  # fmt: skip
        days = [since(row["traits"]["registered_at"]) for row in mine
                if "registered_at" in row.get("traits", {})]  # fmt: skip
        told.pop("registered_days", None)
        if any(one is not None for one in days):
            told["registered_days"] = [one for one in days if one is not None][-1]
        found = plain(mine)
        assert found == found_traits(profile_of(mine, {p.id: p for p in PRODUCTS}), BOUNDARY,
                                     SHANGHAI_MS)  # fmt: skip
        wanted[who] = found | told
    assert {one.viewer: dict(one.traits) for one in facts.viewers()} == wanted

    definitions = [parse_definition(f"m{k}", f"shared and {t}") for k, t in enumerate(QUESTIONS)]
    entered = [{"clock": BOUNDARY, "type": "room_entered", "viewer": v, "room": "r",
                "message_id": f"e{v}"} for v in VIEWERS]  # fmt: skip
    shared = [{**one, "clock": BOUNDARY + 600_000, "type": "shared",
               "message_id": f"s{one['viewer']}"} for one in entered]  # fmt: skip
    live = [*entered, *evening, *shared]
    engine = Core(definitions, products=PRODUCTS)
    engine.take_facts(facts, BOUNDARY)
    said = holding([(f.moment, str(f.viewer)) for f in engine.run(EventBatch.from_rows(live))])

    of_viewer = {who: oracle.OfViewer(None, traits) for who, traits in wanted.items()}
    log: list[Any] = [(BOUNDARY, "facts", oracle.Facts(BOUNDARY, (), of_viewer))]
    log += [(row["clock"], [row]) for row in live]
    catalog = [{"id": one.id, "category": one.narrowest_category} for one in PRODUCTS]
    judged = run(definitions, log, catalog=catalog).firings
    assert said == holding([(f.moment, str(f.viewer)) for f in judged])

    written(history, live, len(past))
    for text, node in zip(QUESTIONS, asked, strict=True):
        assert reader.viewers_of(node, BOUNDARY + 600_000) == sorted(said[text]), text
    reader.close()


def test_the_worlds_have_every_answer() -> None:
    seen = set()
    for seed in range(6):
        past = [row for row in events(Random(seed)) if row["clock"] < BOUNDARY]
        for mine in of_person(past).values():
            seen |= {json.dumps(pair) for pair in plain(mine).items()}
    stages = {json.loads(one)[1] for one in seen if "life_stage" in one}
    assert stages == {"new", "active", "churn_risk", "dormant", "returned"}
    assert {json.loads(one)[0] for one in seen} == set(FOUND_TRAITS)


def test_days_are_told_with_a_date_unless_they_are_told_themselves() -> None:
    said = {"registered_at": "2024-05-30", "registered_days": 400}
    row = {"clock": BOUNDARY, "type": "profile_updated", "viewer": "a", "traits": said}
    assert logged(row)["traits"] == said
    for no_date in ("2024-06-03", "soon", "", True, 7, -1.5, 1e300, "2024-13-01"):
        row["traits"] = {"registered_at": no_date}
        assert logged(row) == row, no_date
