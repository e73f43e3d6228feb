"""A synthetic evening of live rooms as columns: seeded, and quick enough to make before every run.

The shape follows what rooms look like: about half of the events are heartbeats every 15 s, the
rest are pages viewed and left, clicks, carts, orders, payments, comments and likes; activity per
viewer is log-normal, products per room are Zipf. 1 % of the events arrive 0.1-5 s late, and 0.1 %
twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import MISSING, EventBatch, StringColumn
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.text_classes import TEXT_CLASSES

Int64 = npt.NDArray[np.int64]
Int32 = npt.NDArray[np.int32]

START_MS = 1_767_225_600_000
HEARTBEAT_MS = 15_000
PRODUCTS_PER_ROOM = 64
CATEGORIES = 8
TALK = ("comment_sent", "liked", "liked", "liked", "liked", "liked", "shared")
PROFILED = 0.2
LATE, TWICE = 0.01, 0.001
LATENESS_MS = 5_000


@dataclass(frozen=True, slots=True)
class Plan:
    """How large an evening to make."""

    viewers: int
    seconds: int
    seed: int = 7

    @property
    def rooms(self) -> int:
        return max(4, min(64, self.viewers // 5_000))


class _Drafts:
    """Events in the order in which they were thought of."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.rng = np.random.default_rng(plan.seed)
        self.end_ms = plan.seconds * 1_000
        self.parts: list[tuple[Int64, Int32, npt.NDArray[np.uint8], Int32, Int64]] = []

    def add(
        self,
        times: npt.NDArray[np.float64],
        viewers: npt.NDArray[np.integer],
        kind: str | npt.NDArray[np.uint8],
        product: npt.NDArray[np.integer] | None = None,
        amount: npt.NDArray[np.float64] | None = None,
    ) -> None:
        """Events at these times (ms since the start); those outside the evening are dropped."""
        keep = (times >= 1) & (times < self.end_ms)
        n = int(keep.sum())
        kinds = np.full(n, CODE_BY_NAME[kind], np.uint8) if isinstance(kind, str) else kind[keep]
        products = np.full(n, -1, np.int32) if product is None else product[keep].astype(np.int32)
        amounts = np.full(n, MISSING) if amount is None else amount[keep].astype(np.int64)
        self.parts.append(
            (times[keep].astype(np.int64), viewers[keep].astype(np.int32), kinds, products, amounts)
        )

    def columns(self) -> tuple[Int64, Int32, npt.NDArray[np.uint8], Int32, Int64]:
        """All of them, per viewer in order of time."""
        time, viewer, kind, product, amount = (
            np.concatenate(c) for c in zip(*self.parts, strict=True)
        )
        order = np.argsort(viewer.astype(np.int64) * (self.end_ms + 1) + time, kind="stable")
        return time[order], viewer[order], kind[order], product[order], amount[order]


def make(plan: Plan) -> EventBatch:
    """The whole evening in order of arrival, as decoding would have interned it.

    Cost: about 2 µs per event.
    """
    drafts = _Drafts(plan)
    rng = drafts.rng
    weight = 1 / np.arange(1, plan.rooms + 1) ** 0.8
    room = rng.choice(plan.rooms, plan.viewers, p=weight / weight.sum()).astype(np.int32)
    begin, end = _stays(drafts)
    activity = rng.lognormal(0, 0.9, plan.viewers)
    _pages(drafts, room, begin, end, activity / activity.mean())
    _comparing(drafts, room, end)
    _talk(drafts, begin, end, activity)
    return _arrived(drafts, room)


def _stays(drafts: _Drafts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """When each viewer comes and goes, with heartbeats between; 3 % vanish without leaving."""
    rng, n, horizon = drafts.rng, drafts.plan.viewers, drafts.end_ms
    everyone = np.arange(n)
    begin = rng.uniform(1, min(30_000, horizon * 0.1), n)
    drafts.add(begin, everyone, "room_entered")
    known = rng.random(n) < PROFILED
    drafts.add(begin[known] + 1, everyone[known], "profile_updated")
    end = np.where(rng.random(n) < 0.15, rng.uniform(0.2, 1, n) * horizon, horizon * 2.0)
    drafts.add(end, everyone, "room_left")
    vanished = (rng.random(n) < 0.03) & (end > horizon)
    end = np.where(vanished, rng.uniform(0.2, 1, n) * horizon, end)
    beat = 1
    while True:
        time = begin + HEARTBEAT_MS * beat + rng.normal(0, 50, n)
        here = (time < end) & (time < horizon)
        if not here.any():
            return begin, end
        drafts.add(time[here], everyone[here], "heartbeat")
        beat += 1


def _pages(
    drafts: _Drafts,
    room: Int32,
    begin: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    activity: npt.NDArray[np.float64],
) -> None:
    """Pages, one after the other, and what happens on them: clicks, carts, orders, payments."""
    rng, horizon = drafts.rng, drafts.end_ms
    time = begin.copy()
    slow = rng.random(len(begin)) < 0.2
    here = np.arange(len(begin))
    while len(here):
        time[here] += rng.exponential(35_000, len(here)) / np.clip(activity[here], 0.2, 5)
        here = here[(time[here] < horizon) & (time[here] < end[here])]
        n = len(here)
        product = room[here] * PRODUCTS_PER_ROOM + (rng.zipf(1.5, n) - 1) % PRODUCTS_PER_ROOM
        at = time[here].copy()
        stay = rng.exponential(np.where(slow[here], 90_000, 30_000))
        drafts.add(at, here, "product_viewed", product)
        clicked = rng.random(n) < 0.7
        drafts.add(
            (at + rng.uniform(200, 3_000, n))[clicked],
            here[clicked],
            "product_clicked",
            product[clicked],
        )
        cart = rng.random(n) < 0.12
        amount = rng.gamma(2, 8_000, n)
        drafts.add((at + stay * 0.5)[cart], here[cart], "cart_added", product[cart], amount[cart])
        ordered = cart & (rng.random(n) < 0.5)
        drafts.add(
            (at + stay * 0.7)[ordered],
            here[ordered],
            "order_created",
            product[ordered],
            amount[ordered],
        )
        paid = ordered & (rng.random(n) < 0.7)
        drafts.add((at + stay * 0.9)[paid], here[paid], "order_paid", product[paid], amount[paid])
        left = rng.random(n) < 0.9
        drafts.add(
            np.minimum(at + stay, end[here])[left], here[left], "product_left", product[left]
        )
        time[here] = at + stay


def _comparing(drafts: _Drafts, room: Int32, end: npt.NDArray[np.float64]) -> None:
    """Some click through products of one category."""
    rng, horizon = drafts.rng, drafts.end_ms
    share = 0.04 * max(1.0, drafts.plan.seconds / 300)
    who = np.flatnonzero(rng.random(len(room)) < share)
    n = len(who)
    time = rng.uniform(0, horizon, n)
    category = rng.integers(0, CATEGORIES, n)
    for _ in range(5):
        time = time + rng.exponential(9_000, n)
        here = time < end[who]
        width = PRODUCTS_PER_ROOM // CATEGORIES
        product = room[who] * PRODUCTS_PER_ROOM + category * width + rng.integers(0, width, n)
        drafts.add(time[here], who[here], "product_clicked", product[here])


def _talk(
    drafts: _Drafts,
    begin: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    activity: npt.NDArray[np.float64],
) -> None:
    """Likes, comments, shares: few viewers write most of them."""
    rng = drafts.rng
    rate = activity**1.5
    counts = rng.poisson(rate / rate.mean() * drafts.plan.seconds / 300 * 9.0)
    who = np.repeat(np.arange(len(begin)), counts)
    time = begin[who] + rng.random(len(who)) * (np.minimum(end, drafts.end_ms)[who] - begin[who])
    kinds = np.array([CODE_BY_NAME[name] for name in TALK], np.uint8)
    drafts.add(time, who, kinds[rng.integers(0, len(kinds), len(who))])


def _arrived(drafts: _Drafts, room: Int32) -> EventBatch:
    """Number the events per client, delay and repeat some, and put them in order of arrival."""
    rng = drafts.rng
    time, viewer, kind, product, amount = drafts.columns()
    n = len(time)
    index = np.arange(n)
    fresh = np.append(True, viewer[1:] != viewer[:-1])
    seq = index - np.maximum.accumulate(np.where(fresh, index, 0))
    arrival = time.copy()
    late = np.flatnonzero(rng.random(n) < LATE)
    arrival[late] += rng.integers(100, LATENESS_MS, len(late))
    again = np.flatnonzero(rng.random(n) < TWICE)
    rows = np.append(index, again)
    arrival = np.append(arrival, arrival[again] + rng.integers(1, LATENESS_MS, len(again)))
    order = np.argsort(arrival, kind="stable")
    rows, clock = rows[order], arrival[order] + START_MS
    event_time = np.maximum(time[rows] + START_MS, clock - LATENESS_MS)
    return _batch(
        drafts,
        clock,
        event_time,
        (viewer[rows], kind[rows], product[rows], amount[rows], seq[rows]),
        room,
    )


def _batch(
    drafts: _Drafts,
    clock: Int64,
    event_time: Int64,
    columns: tuple[Int32, npt.NDArray[np.uint8], Int32, Int64, Int64],
    room: Int32,
) -> EventBatch:
    rng, plan = drafts.rng, drafts.plan
    viewer, kind, product, amount, seq = columns
    n = len(clock)
    names = [f"viewer-{number:07d}" for number in range(plan.viewers)]
    products = [f"sku-{number:05d}" for number in range(plan.rooms * PRODUCTS_PER_ROOM)]
    shelf = PRODUCTS_PER_ROOM // CATEGORIES
    category = np.where(product >= 0, product % PRODUCTS_PER_ROOM // shelf, -1)
    orders = np.isin(kind, [CODE_BY_NAME["order_created"], CODE_BY_NAME["order_paid"]])
    codes = np.full(n, -1, np.int32)
    codes[orders] = np.arange(int(orders.sum()))
    comments = kind == CODE_BY_NAME["comment_sent"]
    classes = np.full(n, MISSING)
    doubts = 1 << TEXT_CLASSES.index("doubt")
    prices = 1 << TEXT_CLASSES.index("price_question")
    classes[comments] = rng.choice([0, doubts, prices], int(comments.sum()), p=[0.92, 0.03, 0.05])
    visible = np.full(n, MISSING)
    beats = kind == CODE_BY_NAME["heartbeat"]
    visible[beats] = rng.random(int(beats.sum())) >= 0.04
    profiles = np.flatnonzero(kind == CODE_BY_NAME["profile_updated"])
    levels = rng.integers(1, 7, (len(profiles), 6)).tolist()
    return EventBatch(
        clock,
        event_time,
        kind,
        {
            "viewer": StringColumn(viewer, names),
            "room": StringColumn(room[viewer], [f"room-{number}" for number in range(plan.rooms)]),
            "stream": StringColumn(viewer, [f"stream-{number}" for number in range(plan.viewers)]),
            "product": StringColumn(product, products),
            "category": StringColumn(
                category.astype(np.int32), [f"c{number}" for number in range(CATEGORIES)]
            ),
            "order_id": StringColumn(
                codes, [f"order-{number}" for number in range(int(orders.sum()))]
            ),
        },
        {
            "seq": seq,
            "amount": amount,
            "classes": classes,
            "visible": visible,
            "message": np.arange(n),
        },
        None,
        {
            row: {f"level_{k}": level for k, level in enumerate(mine)}
            for row, mine in zip(profiles.tolist(), levels, strict=True)
        },
    )
