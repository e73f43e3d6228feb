"""The room itself: what is presented when, what is on offer, and what the host says.

The whole schedule is known from the start, so a viewer's next step can be planned with it.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import Any

from qianmian.simulation.dice import Dice
from qianmian.simulation.plan import SimulationPlan
from qianmian.simulation.script import Goods, Script
from qianmian.vocabulary.time import SECOND_MS

Row = dict[str, Any]

WARM_UP_MS = 15 * SECOND_MS  # greetings before the first product
SHOWN_MS = (50 * SECOND_MS, 130 * SECOND_MS)  # how long one product is presented
WITHDRAWN_SHARE = 0.2  # of what was presented is sold out at the end
PROMO_EVERY_MS = (150 * SECOND_MS, 270 * SECOND_MS)
PROMO_MS = (60 * SECOND_MS, 100 * SECOND_MS)
PROMO_PRICE = 0.8
SPOKEN_EVERY_MS = (7 * SECOND_MS, 18 * SECOND_MS)


@dataclass(frozen=True, slots=True)
class Promo:
    """A price for a while."""

    id: str
    goods: Goods
    starts_ms: int
    ends_ms: int
    price_minor: int


@dataclass(frozen=True, slots=True)
class Shown:
    """One product in front of the camera."""

    goods: Goods
    starts_ms: int
    ends_ms: int
    is_withdrawn: bool


class Room:
    """The schedule of a broadcast, and its events.

    Attributes:
        rows: events of the room, in order of time.
    """

    def __init__(self, plan: SimulationPlan, script: Script) -> None:
        dice = Dice(plan.seed, 1)
        self.goods = script.goods
        self.shown = _shown(plan, script, dice)
        self.promos = _promos(plan, self.shown, dice)
        self._shown_at = [one.starts_ms for one in self.shown]
        self._promo_at = [one.starts_ms for one in self.promos]
        self.goods_by_category: dict[str, list[Goods]] = {}
        for one in script.goods:
            self.goods_by_category.setdefault(one.category, []).append(one)
        self.rows = _rows(plan, script, self, dice)

    def presenting(self, at: int) -> Goods | None:
        """What is in front of the camera."""
        k = bisect.bisect_right(self._shown_at, at) - 1
        return self.shown[k].goods if k >= 0 and at < self.shown[k].ends_ms else None

    def promo(self, at: int) -> Promo | None:
        """What is on offer."""
        k = bisect.bisect_right(self._promo_at, at) - 1
        return self.promos[k] if k >= 0 and at < self.promos[k].ends_ms else None

    def next_promo(self, after: int) -> Promo | None:
        """The first offer that begins later."""
        k = bisect.bisect_right(self._promo_at, after)
        return self.promos[k] if k < len(self.promos) else None

    def price_minor(self, goods: Goods, at: int) -> int:
        """What one costs now."""
        promo = self.promo(at)
        is_cheaper = promo is not None and promo.goods is goods
        return promo.price_minor if is_cheaper and promo is not None else goods.price_minor


def _shown(plan: SimulationPlan, script: Script, dice: Dice) -> list[Shown]:
    shown: list[Shown] = []
    at = plan.start_ms + WARM_UP_MS
    while at < plan.end_ms:
        before = shown[-1].goods if shown else None
        goods = dice.one_of([one for one in script.goods if one is not before])
        ends = min(at + dice.between(*SHOWN_MS), plan.end_ms)
        shown.append(Shown(goods, at, ends, dice.roll() < WITHDRAWN_SHARE))
        at = ends + dice.between(1, 5) * SECOND_MS
    return shown


def _promos(plan: SimulationPlan, shown: list[Shown], dice: Dice) -> list[Promo]:
    """Each is of the product in front of the camera, and the first comes within two minutes."""
    promos: list[Promo] = []
    at = plan.start_ms + 90 * SECOND_MS
    starts = [one.starts_ms for one in shown]
    while at < plan.end_ms:
        goods = shown[max(bisect.bisect_right(starts, at) - 1, 0)].goods
        price = int(goods.price_minor * PROMO_PRICE) // 10 * 10
        ends = at + dice.between(*PROMO_MS)
        promos.append(Promo(f"promo-{len(promos) + 1}", goods, at, ends, price))
        at = max(at + dice.between(*PROMO_EVERY_MS), ends + SECOND_MS)
    return promos


def _rows(plan: SimulationPlan, script: Script, room: Room, dice: Dice) -> list[Row]:
    rows = [_row("session_started", plan.start_ms, stage="warm_up")]
    for one in room.shown:
        rows += _of_shown(one, script, dice)
    for promo in room.promos:
        rows += _of_promo(promo)
    rows = sorted((row for row in rows if row["event_time"] < plan.end_ms), key=_when)
    rows.append(_row("session_ended", plan.end_ms))
    for number, row in enumerate(rows, 1):
        row |= {
            "room": plan.room,
            "session": plan.session_id,
            "message_id": f"{plan.session_id}-r{number}",
        }
    return rows


def _of_shown(one: Shown, script: Script, dice: Dice) -> list[Row]:
    product = one.goods.product.id
    stock = dice.between(40, 900)
    rows = [
        _row("product_presented", one.starts_ms, **one.goods.fields),
        _row("stock_changed", one.starts_ms + 200, product=product, stock=stock),
    ]
    at = one.starts_ms + SECOND_MS
    while at < one.ends_ms:
        lasts = dice.between(2 * SECOND_MS, 7 * SECOND_MS)
        text = script.host_line(one.goods.noun, dice)
        rows.append(_row("host_spoke", at, text=text, duration_ms=lasts, product=product))
        at += dice.between(*SPOKEN_EVERY_MS)
    if one.is_withdrawn:
        rows.append(_row("stock_changed", one.ends_ms - 300, product=product, stock=0))
        category = one.goods.category
        rows.append(_row("product_withdrawn", one.ends_ms, product=product, category=category))
    return rows


def _of_promo(promo: Promo) -> list[Row]:
    fields = dict(promo.goods.fields)
    return [
        _row(
            "promo_started",
            promo.starts_ms,
            **fields | {"price": promo.price_minor},
            promo_id=promo.id,
            amount=promo.goods.price_minor - promo.price_minor,
            ends_at=promo.ends_ms,
        ),
        _price(promo, promo.starts_ms + 100, promo.price_minor),
        _row("promo_ended", promo.ends_ms, promo_id=promo.id, product=fields["product"]),
        _price(promo, promo.ends_ms + 100, promo.goods.price_minor),
    ]


def _price(promo: Promo, at: int, price_minor: int) -> Row:
    product = promo.goods.product.id
    return _row("price_changed", at, product=product, price=price_minor, currency="CNY")


def _row(kind: str, at: int, **fields: object) -> Row:
    return {"type": kind, "event_time": at} | fields


def _when(row: Row) -> int:
    at: int = row["event_time"]
    return at
