"""Random worlds whose levels are asked at the end: of the engine, the oracle and history.

At the end every viewer shares something in every room; a moment `shared and LEVEL` fires for whom
the level holds then. Nothing else in these worlds shares. Lateness is endless, because what is late
is in history only; each viewer enters at the beginning, because a live row knows nothing of before.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.language.ast import Node
from qianmian.language.definition import Definition
from qianmian.language.parse import parse, parse_definition
from qianmian.language.settle import settled
from qianmian.runtime.messages import Events, Message, Tick
from qianmian.storage.history import History
from qianmian.storage.history_reader.answers import Definitions
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product
from tests.differential.engine_runs import rows_of
from tests.oracle import generate
from tests.oracle.generate import ANONYMOUS, ROOMS, SPANS, VIEWERS, random_messages
from tests.oracle.run import Message as Told
from tests.oracle.run import run

ENDLESS_MS: Final = 10**9
START: Final = 1_717_246_800_000
"""2024-06-01T21:00 in Shanghai."""

Held = dict[str, set[tuple[str, str]]]
"""(viewer, room) for whom each level holds, by its text."""


CATALOG: Final = {**generate.MANY, **generate.PRODUCTS}
"""Category by product; half of the events leave it to the catalog."""
PRODUCTS: Final = [Product(name, category=(category,)) for name, category in CATALOG.items()]


def random_level(rng: Random, *, depth: int = 2) -> str:
    """The text of a level that history can answer."""
    draw = rng.random()
    if depth and draw < 0.2:
        return f"not ({random_level(rng, depth=depth - 1)})"
    if depth and draw < 0.55:
        word = rng.choice((" and ", " or "))
        return word.join(f"({random_level(rng, depth=depth - 1)})" for _ in range(2))
    of, span = generate._events(rng), rng.choice((*SPANS, "1m", "7d"))
    cmp = rng.choice((">=", "<", "==", "!=", ">", "<="))
    window = rng.choice((f"within {span}", f"within {span}", "this session", "ever"))
    ordering = rng.choice((">=", "<", ">", "<="))
    amounts, product = "(gift_sent or order_paid).amount", generate._of(of, "product")
    category = generate._of(of, "category")
    options = [
        f"count({of}) {window} {cmp} {rng.randrange(1, 5)}",
        f"count({of}) {window} {rng.choice(('>=', '>', '<'))} {rng.choice((64, 65, 3))}",
        f"distinct({product}) {window} {cmp} {rng.randrange(1, 4)}",
        f"distinct({category}) {window} {cmp} {rng.randrange(1, 3)}",
        f"sum({amounts}) {window} {ordering} ¥{rng.choice((10, 30, 60))}",
        f'first({product}) == "p{rng.randrange(1, 4)}"',
        f'last({product}) == "p{rng.randrange(1, 4)}"',
        f'last({category}) == "cream"',
        f"last(product_viewed.price) {cmp} ¥{rng.randrange(1, 5) * 10}",
        f"first(gift_sent.amount) {cmp} ¥{rng.randrange(1, 4) * 10}",
        f"time_since({of}) {ordering} {rng.choice(SPANS)}",
        "tag.busy",
        "in segment.vip",
        f"trait.level {cmp} {rng.randrange(1, 4)}",
        f"no {of} this session",
    ]
    return rng.choice(options)


def named_levels(rng: Random) -> list[Definition]:
    """The tag and the segment that levels may name."""
    return [parse_definition(*given) for given in generate.random_levels(rng)]


def world(rng: Random, *, rooms: int = 2, ends: bool = False) -> list[Told]:
    """A log in which everybody has entered every room; `ends`: sessions end on the way."""
    names = ROOMS[:rooms]
    entered = [
        {"type": "room_entered", "room": room, "message_id": f"in-{who}-{room}", **_who(who)}
        for who in (*VIEWERS, *(f"?{one}" for one in ANONYMOUS))
        for room in names
    ]
    log: list[Told] = [(START, entered)]
    for clock, what, *rest in random_messages(rng):
        said = what
        if isinstance(what, list):
            said = [_moved(one) for one in what if _may_stay(one, names, ends=ends)]
            said = [_shortened(one) if rng.random() < 0.5 else one for one in said]
        log.append((START + 1 + clock, said, *rest))
    return log


def _who(viewer: str) -> dict[str, str]:
    return {"anonymous_id": viewer[1:]} if viewer.startswith("?") else {"viewer": viewer}


def _may_stay(event: dict[str, Any], rooms: tuple[str, ...], *, ends: bool) -> bool:
    is_end = event["type"] in ("session_started", "session_ended")
    return event.get("room", rooms[0]) in rooms and (ends or not is_end)


def _moved(event: dict[str, Any]) -> dict[str, Any]:
    if "event_time" not in event:
        return event
    return {**event, "event_time": START + 1 + event["event_time"]}


def _shortened(event: dict[str, Any]) -> dict[str, Any]:
    """The event without what the catalog knows."""
    short = {name: value for name, value in event.items() if name != "category"}
    if "items" in event:
        kept = ("product", "quantity", "amount")
        short["items"] = [{name: line[name] for name in kept} for line in event["items"]]
    return short


def probed(log: list[Told], after_ms: int, rooms: int = 2) -> list[Told]:
    """The log, and at its end everybody shares in every room; linked ids are nobody any more."""
    linked = {f"?{one[2]}" for one in log if one[1] == "merge"}
    people = {*VIEWERS, *(f"?{one}" for one in ANONYMOUS)} - linked
    probes = [
        {"type": "shared", "room": room, "message_id": f"probe-{who}-{room}", **_who(who)}
        for who in sorted(people)
        for room in ROOMS[:rooms]
    ]
    return [*log, (log[-1][0] + after_ms, probes)]


def moments(texts: list[str]) -> list[Definition]:
    return [parse_definition(f"m{k}", f"shared and ({text})") for k, text in enumerate(texts)]


def oracle_holds(texts: list[str], named: list[Definition], log: list[Told]) -> Held:
    catalog = [{"id": name, "category": category} for name, category in CATALOG.items()]
    definitions = settled([*named, *moments(texts)])
    fired = run(definitions, log, lateness_ms=ENDLESS_MS, catalog=catalog).firings
    return _held(texts, [(f.moment, str(f.viewer), f.room) for f in fired])


def engine_holds(
    texts: list[str], named: list[Definition], log: list[Told], folder: Path
) -> tuple[Held, History]:
    """What the engine says, and the history of the same log with what became of each event."""
    engine = Core(settled([*named, *moments(texts)]), lateness_ms=ENDLESS_MS, products=PRODUCTS)
    history = History(folder, most_waiting=40)
    fired: list[Firing] = []
    for number, (told, rows) in enumerate(zip(log, rows_of(log), strict=True)):
        clock = told[0]
        if not rows:
            fired += engine.advance(clock)
            history.add(Message(number, clock, Tick()))
            continue
        batch = EventBatch.from_rows(rows)
        fired += engine.run(batch)
        history.add(
            Message(number, clock, Events(batch)), outcomes=engine.outcomes.astype(np.uint8)
        )
    fired += engine.finish(log[-1][0])
    history.flush()
    return _held(texts, [(f.moment, str(f.viewer), f.room) for f in fired]), history


def _held(texts: list[str], fired: list[tuple[str, str, str]]) -> Held:
    found: Held = {text: set() for text in texts}
    for moment, viewer, room in fired:
        if moment.startswith("m"):
            found[texts[int(moment[1:])]].add((viewer, room))
    return found


def definitions_of(named: list[Definition]) -> Definitions:
    levels: dict[tuple[str, str], Node] = {(one.kind, one.key): one.expr for one in named}
    return Definitions(levels)


def parsed(text: str) -> Node:
    return parse(text)
