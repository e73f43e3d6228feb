"""Random worlds: a log that is late, doubled, out of order and merged, and definitions to read it.

Everything comes from one `random.Random`, so a seed names a world. Half of the worlds live on a
grid of whole seconds, where everything happens at once: ties are where orders differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.oracle.run import Message

VIEWERS = ("u1", "u2", "u3")
ANONYMOUS = ("x1", "x2")
ROOMS = ("r1", "r2")
PRODUCTS = {"p1": "cream", "p2": "cream", "p3": "cream", "p4": "serum"}
MANY = {f"p{i}": "cream" if i % 3 else f"c{i}" for i in range(1, 40)}
"""Enough products, and categories, to pass the eight that are kept."""
CLASSES = ("doubt", "price_question")
CLOCKS = (
    "hour between 08:00 and 08:01",
    "hour between 21:01 and 08:01",
    'not hour between 01:01 and 01:00 in "Europe/Berlin"',
)
"""Times of day; random logs begin at 08:00 in Shanghai, those of history at 21:00."""
SOURCES = (None, "declared", "stated", None, "inferred")
"""Who tells a trait; most do not say."""
SPANS = ("1s", "2s", "3s", "5s", "8s", "20s")

_BEHAVIOR = (
    ("product_viewed", 9),
    ("product_left", 3),
    ("product_clicked", 5),
    ("cart_added", 5),
    ("cart_removed", 2),
    ("heartbeat", 5),
    ("room_entered", 2),
    ("room_left", 1),
    ("comment_sent", 3),
    ("liked", 3),
    ("gift_sent", 2),
    ("order_created", 1),
    ("order_paid", 2),
)
_ROOM = (
    "product_presented",
    "product_withdrawn",
    "promo_started",
    "product_presented",
    "price_changed",
)
_OF_PRODUCT = (
    "product_viewed",
    "product_left",
    "product_clicked",
    "cart_added",
    "cart_removed",
)


@dataclass
class Log:
    """A log in the making.

    Attributes:
        rng: decides the next message; may be another for each.
        merges, visits, disorder: see `opened`.
        before: events that may come once more.
        linked: anonymous ids that have been merged.
    """

    rng: Random
    grid_ms: int
    lateness_ms: int
    clock: int = 0
    number: int = 0
    sent: int = 0
    products: dict[str, str] = field(default_factory=lambda: PRODUCTS)
    who: tuple[str, ...] = VIEWERS
    merges: bool = True
    visits: bool = False
    disorder: bool = True
    before: list[dict[str, Any]] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)

    def step(self, longest: int) -> int:
        """Move the clock a little, often not at all."""
        if self.rng.random() < 0.6:
            self.clock += self.rng.randrange(longest // self.grid_ms + 1) * self.grid_ms
        return self.clock

    def event_time(self) -> int:
        """Mostly now, sometimes before, now and then too late."""
        draw = self.rng.random()
        if draw < 0.6:
            return self.clock
        reach = self.lateness_ms if draw < 0.95 else 2 * self.lateness_ms
        back = self.rng.randrange(reach // self.grid_ms + 1) * self.grid_ms
        return max(0, self.clock - back)


def random_messages(
    rng: Random,
    *,
    count: int = 80,
    grid: bool | None = None,
    lateness_ms: int = 5_000,
    merges: bool = True,
    visits: bool | None = None,
    disorder: bool = True,
    crowded: bool | None = None,
) -> list[Message]:
    """A log of `count` messages over a minute or two; for the rest see `opened`."""
    log = opened(
        rng,
        grid=grid,
        lateness_ms=lateness_ms,
        merges=merges,
        visits=visits,
        disorder=disorder,
        crowded=crowded,
    )
    return [next_message(log) for _ in range(count)]


def opened(
    rng: Random,
    *,
    grid: bool | None = None,
    lateness_ms: int = 5_000,
    merges: bool = True,
    visits: bool | None = None,
    disorder: bool = True,
    crowded: bool | None = None,
) -> Log:
    """An empty log.

    With `disorder` False nothing is late, doubled or out of order. A `crowded` world has one busy
    viewer and many products, so that bounds are passed.
    """
    on_grid = rng.random() < 0.5 if grid is None else grid
    log = Log(rng, 1_000 if on_grid else 1, lateness_ms, merges=merges, disorder=disorder)
    if rng.random() < 0.2 if crowded is None else crowded:
        log.products, log.who = MANY, VIEWERS[:1]
    log.visits = rng.random() < 0.3 if visits is None else visits
    return log


def next_message(log: Log) -> Message:
    """The message that `log.rng` makes of the log so far."""
    rng = log.rng
    clock = (
        log.step(3_000 if len(log.who) > 1 else 1_000) if rng.random() < 0.97 else _long_pause(log)
    )
    draw = rng.random()
    if draw < 0.05:
        return (clock, "tick")
    if log.merges and draw < 0.07 and len(log.linked) < len(ANONYMOUS):
        free = sorted(set(ANONYMOUS) - log.linked)
        log.linked.add(free[0])
        return (clock, "merge", free[0], rng.choice(VIEWERS), {"level": len(log.linked)})
    if log.disorder and draw < 0.11 and log.before:
        return (clock, [dict(rng.choice(log.before))])
    size = 1 if rng.random() < 0.8 else rng.randrange(2, 5)
    events = [_event(log) for _ in range(size)]
    log.before += events
    return (clock, events)


def _long_pause(log: Log) -> int:
    """Long enough to be gone, at times exactly as long."""
    log.clock += log.rng.choice((20_000, 44_999, 45_000, 45_001))
    return log.clock


def _event(log: Log) -> dict[str, Any]:
    rng = log.rng
    log.number += 1
    event: dict[str, Any] = {"message_id": f"e{log.number:03}", "room": rng.choice(ROOMS)}
    if log.disorder:
        event["event_time"] = log.event_time()
    draw = rng.random()
    if draw < 0.11:
        return _room_event(log, event)
    if rng.random() < 0.25:
        event["anonymous_id"] = rng.choice(ANONYMOUS)
    else:
        event["viewer"] = rng.choice(log.who)
    if draw < 0.14:
        del event["room"]
        level = rng.randrange(4)
        if log.disorder and log.number % 2:
            tag = ("tag:busy", "tag:quick", "tag:busy", "share")[log.number // 2 % 4]
            said = {"type": "consent_changed", "purpose": tag, "granted": level == 0}
            return {**event, **said}
        source = SOURCES[log.number // 2 % len(SOURCES)]
        said = {"properties": f'{{"trait_origin":"{source}"}}'} if source else {}
        return {**event, **said, "type": "profile_updated", "traits": {"level": level}}
    kinds, weights = zip(*_BEHAVIOR, strict=True)
    event["type"] = rng.choices(kinds, weights)[0]
    if rng.random() < 0.3:
        log.sent += rng.choice((1, 1, 1, 2))
        event["stream"] = f"s{rng.randrange(2)}"
        event["seq"] = log.sent
    if log.visits:
        event["visit"] = rng.choice(("v1", "v1", "v1", "v2"))
    _fill(log, event)
    return event


def _room_event(log: Log, event: dict[str, Any]) -> dict[str, Any]:
    rng = log.rng
    event["type"] = rng.choice(_ROOM) if rng.random() < 0.93 else "session_ended"
    if event["type"] == "promo_started":
        event["promo_id"] = "sale"
    elif event["type"] == "session_ended" and log.number % 3 == 0:
        event["type"] = "session_started"  # while another is open, mostly
    elif event["type"] != "session_ended":
        event["product"] = rng.choice(list(log.products))
        if rng.random() < 0.5:
            event["category"] = log.products[event["product"]]
        if event["type"] == "price_changed":
            event["price"] = rng.randrange(1, 5) * 1_000
    return event


def _fill(log: Log, event: dict[str, Any]) -> None:
    """The fields of the type."""
    rng = log.rng
    kind = event["type"]
    if kind in _OF_PRODUCT:
        event["product"] = rng.choice(list(log.products))
        event["category"] = log.products[event["product"]]
        event["price"] = rng.randrange(1, 5) * 1_000
        if rng.random() < 0.3:
            event["page_id"] = rng.choice(("t1", "t2"))
    elif kind == "heartbeat":
        if rng.random() < 0.5:
            event["idle_ms"] = rng.randrange(6) * 1_000
        if rng.random() < 0.5:
            event["visible"] = rng.random() < 0.5
    elif kind == "comment_sent":
        event["text"] = "hi"
        event["classes"] = [name for name in CLASSES if rng.random() < 0.5]
        if rng.random() < 0.3:
            event["product"] = rng.choice(list(log.products))
    elif kind == "liked" and rng.random() < 0.5:
        event["product"] = rng.choice(list(log.products))
    elif kind == "gift_sent":
        event["amount"] = rng.randrange(1, 4) * 1_000
    elif kind.startswith("order_"):
        _fill_order(log, event)


def _fill_order(log: Log, event: dict[str, Any]) -> None:
    rng = log.rng
    event["order_id"] = f"o{rng.randrange(12)}"
    products = rng.sample(list(log.products), rng.randrange(1, 4))
    event["items"] = [
        {"product": name, "category": log.products[name], "quantity": 1, "amount": 1_000}
        for name in products
    ]
    event["amount"] = 1_000 * len(products)
    if rng.random() < 0.3:
        del event["room"]


def random_definitions(rng: Random, n: int) -> list[tuple[str, str, str]]:
    """`n` definitions as (key, text, kind), over all operators, with windows that are met."""
    levels = random_levels(rng)
    return [*levels, *((f"m{number}", random_moment(rng), "moment") for number in range(n))]


def random_levels(rng: Random) -> list[tuple[str, str, str]]:
    """The tag and the segment that moments may name."""
    busy = f"count(product_clicked) within {rng.choice(SPANS)} >= 2"
    vip = "order_paid this session and trait.level >= 2"
    return [("busy", busy, "tag"), ("vip", vip, "segment")]


def random_moment(rng: Random) -> str:
    """The text of one moment, at times with `again after`."""
    text = random_text(rng)
    if rng.random() < 0.4:
        text += f" again after {rng.choice(('1ms', '1s', '5s'))}"
    return text


def with_other_times(rng: Random, text: str) -> str:
    """The text with other times of whole seconds, and other prices; the rest stays."""
    text = re.sub(r"(?<=\.price\) >= ¥)[0-9]+", lambda _: str(rng.randrange(1, 5) * 10), text)
    return re.sub(r"(?<=[a-z] )[0-9]+s(?![a-z])", lambda _: rng.choice(SPANS), text)


def random_text(rng: Random) -> str:
    """The text of one moment."""
    draw = rng.random()
    if draw < 0.42:
        text, key = _pulse(rng)
    elif draw < 0.55:
        text, key = _view(rng), "product"
    elif draw < 0.6:
        return _room_moment(rng)
    elif draw < 0.64:
        return " or ".join(_pulse(rng, None)[0] for _ in range(2))
    else:
        text, key = _level(rng), None
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        text += f" and {_guard(rng, key)}"
    return text


def _events(rng: Random) -> str:
    names = ["product_viewed", "product_clicked", "cart_added", "comment_sent", "liked"]
    names += ["order_paid", "order_created", "cart_removed", "gift_sent"]
    chosen = rng.sample(names, rng.choice((1, 1, 1, 2)))
    text = chosen[0] if len(chosen) == 1 else f"({' or '.join(chosen)})"
    draw = rng.random()
    if draw < 0.1:
        return f"{text} where category == cream"
    if draw < 0.15:
        return f"{text} where (amount >= ¥20 or not product == p1)"
    if draw < 0.25:
        return f"{text} where {rng.choice(CLOCKS)}"
    return "comment_sent where class has doubt" if draw < 0.3 else text


def _pulse(rng: Random, key: str | None = "any") -> tuple[str, str | None]:
    key = rng.choice((None, "product", "category")) if key == "any" else key
    same = f" on same {key}" if key else ""
    first, second, span = _events(rng), _events(rng), rng.choice(SPANS)
    wait = rng.choice(("", "", " wait 5s", " wait 2s"))
    options = [
        f"{first}{same}",
        f"{first} then {second} within {span}{same}",
        f"{first} without {second} within {span}{same}{wait}",
        f"{first} without {second} within {span}{same}{wait}",
    ]
    if key is None:
        options += [
            f"{first} then {second} within {span} on same visit",
            f"promo_started then {second} within {span}",
            "visit_started",
        ]
    else:
        options.append(f"count({first}) {_window(rng)} >= 2{same}")
    if key == "category":
        options.append(f"distinct({_of(first, 'product')}) {_window(rng)} >= 2{same}")
    return rng.choice(options), key


def _of(events: str, field: str) -> str:
    """`events.field where …`."""
    names, where, rest = events.partition(" where ")
    return f"{names}.{field}{where}{rest}"


def _window(rng: Random) -> str:
    return rng.choice([*(f"within {span}" for span in SPANS), "this session", "this visit", "ever"])


def _view(rng: Random, same: str = " on same product") -> str:
    without = rng.choice(("", f" without {_events(rng)}"))
    wait = rng.choice(("", " wait 2s"))
    return f"product_viewed for {rng.choice(SPANS)}{without}{same}{wait}"


def _room_moment(rng: Random) -> str:
    same = rng.choice(("", " on same product"))
    fact = rng.choice(("", ' and room.presenting == "p1"'))
    return f"distinct({_of(_events(rng), 'viewer')}) within {rng.choice(SPANS)} >= 2{same}{fact}"


def _level(rng: Random) -> str:
    """A level without a key."""
    of, span, cmp = _events(rng), rng.choice(SPANS), rng.choice((">=", "<", "==", "!=", ">", "<="))
    options = [
        f"count({of}) {_window(rng)} {cmp} {rng.randrange(1, 4)}",
        f"count({of}) within {span} >= 2",
        f"distinct({_of(of, 'product')}) {_window(rng)} >= {rng.randrange(1, 4)}",
        f"sum((gift_sent or order_paid).amount) within {span} >= ¥{rng.choice((10, 30))}",
        f'first({_of(of, "product")}) == "p1"',
        f'last({_of(of, "product")}) == "p{rng.randrange(1, 4)}"',
        f"last(product_viewed.price) >= ¥{rng.randrange(1, 5) * 10}",
        f"time_since({of}) {rng.choice(('>=', '>', '<'))} {span}",
        f"idle for {span}{rng.choice(('', ' on product page'))}",
        f"not visible for {span}",
        f"in room for {span}",
        f"previous visit{rng.choice(('', ' 5s ago', ' 45s ago'))}",
        "tag.busy",
        "in segment.vip",
        f"trait.level >= {rng.randrange(1, 4)}",
        _view(rng, ""),
        f"no {of} this session",
    ]
    text = rng.choice(options)
    if rng.random() < 0.15:
        return f"({text} or {rng.choice(options)})"
    return f"not ({text})" if rng.random() < 0.1 else text


def _guard(rng: Random, key: str | None) -> str:
    if rng.random() < 0.3:
        return _room_guard(rng, key)
    facts = ['room.presenting == "p1"']
    facts += ["room.presenting == product"] if key == "product" else []
    return rng.choice(facts) if rng.random() < 0.2 else _level(rng)


def _room_guard(rng: Random, key: str | None) -> str:
    """A look back at events of the room, at times for the key of what fires."""
    names = ("promo_started", "product_presented", "price_changed", "session_started")
    of = rng.choice((*names, "(price_changed or product_presented) where not product == p1"))
    span, cmp = rng.choice(SPANS), rng.choice((">=", "<", "==", "!=", ">", "<="))
    counted = f"count({of}) {_window(rng)} {cmp} {rng.randrange(1, 4)}"
    options = [
        counted,
        f"no {rng.choice(names)} this visit",
        f"distinct({_of(of, 'product')}) {_window(rng)} {cmp} {rng.randrange(1, 4)}",
        f"time_since({of}) {rng.choice(('>=', '>', '<', '<='))} {span}",
        f'first({_of(of, "product")}) == "p{rng.randrange(1, 4)}"',
        f'last({_of(of, "category")}) != "cream"',
        f"{rng.choice(('first', 'last'))}(price_changed.price) >= ¥{rng.randrange(1, 5) * 10}",
    ]
    text = f"{counted} on same {key}" if key and rng.random() < 0.5 else rng.choice(options)
    draw = rng.random()
    if draw < 0.15:
        return f"({text} or {_level(rng)})"
    return f"not ({text})" if draw < 0.3 else text
