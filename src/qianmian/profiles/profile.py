"""A viewer's profile in four dimensions, folded from what happened.

They are basic values, behavior, preference, and the days from which the life stage is found.

`profile_of` reads rows, `plus` joins two profiles. Joining does not depend on the order but for two
values of one origin and instant, of which the later counts; the profile of all rows is that of any
parts of them joined: so nightly builds, live rows and merged identities need no code of their own.
Weights are floating numbers: equal up to rounding.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final

from qianmian.profiles.basic import Basic, joined, told
from qianmian.profiles.preference import POINTS, Preference, act_of, price_band
from qianmian.profiles.stage import Days, day_of, on_day
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.time import HOUR_MS

Row = Mapping[str, Any]

SHANGHAI_MS: Final = 8 * HOUR_MS
BEHAVIOR: Final = (
    "room_entered",
    "product_viewed",
    "product_clicked",
    "product_favorited",
    "cart_added",
    "comment_sent",
    "liked",
    "shared",
    "coupon_claimed",
    "order_created",
    "order_paid",
    "order_refunded",
)
"""What is counted, in the order in which it is shown."""


@dataclass(frozen=True, slots=True)
class Done:
    """How often something was done. Units: last in ms UTC; amount_minor in minor units."""

    n: int
    last: int
    amount_minor: int = 0

    def plus(self, other: Done) -> Done:
        """Both together."""
        amount = self.amount_minor + other.amount_minor
        return Done(self.n + other.n, max(self.last, other.last), amount)


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a viewer; what is not in it is unknown."""

    basic: Mapping[str, Basic] = field(default_factory=dict)
    behavior: Mapping[str, Done] = field(default_factory=dict)
    preference: Preference = field(default_factory=Preference)
    days: Days = field(default_factory=Days)

    def plus(self, other: Profile) -> Profile:
        """Both together."""
        behavior = dict(self.behavior)
        for kind, done in other.behavior.items():
            behavior[kind] = behavior[kind].plus(done) if kind in behavior else done
        return Profile(
            joined(self.basic, other.basic),
            behavior,
            self.preference.plus(other.preference),
            self.days.plus(other.days),
        )


def profile_of(
    rows: Iterable[Row],
    products: Mapping[str, Product] | None = None,
    *,
    offset_ms: int = SHANGHAI_MS,
) -> Profile:
    """The profile of one viewer's rows, in the order of their arrival, each once.

    Args:
        products: what the shop knows of its products, where the rows do not say it.
        offset_ms: how far the shop's zone is ahead of UTC.
    """
    known = products or {}
    return reduce(Profile.plus, (_of(row, known, offset_ms) for row in rows), Profile())


def _of(row: Row, products: Mapping[str, Product], offset_ms: int) -> Profile:
    kind, at = row["type"], int(row.get("event_time", row["clock"]))
    behavior = {}
    if kind in BEHAVIOR:
        amount = row.get("amount") if kind in ("order_paid", "order_refunded") else 0
        behavior[kind] = Done(1, at, amount if isinstance(amount, int) else 0)
    preference = Preference()
    if kind in POINTS:
        for line in _lines(row):
            preference = preference.plus(act_of(kind, at, _about(line, products)))
    days = Days()
    if event_type(kind).presence and event_type(kind).scope == "viewer":
        days = on_day(day_of(at, offset_ms), paid=kind == "order_paid")
    return Profile(dict(_basics(row, at)), behavior, preference, days)


def _basics(row: Row, at: int) -> Iterator[tuple[str, Basic]]:
    traits = row.get("traits") or {}
    says = _properties(row) if traits else {}
    for name, value in traits.items():
        basic = told(name, value, at, says.get("trait_origin"), says.get("trait_confidence"))
        if basic is not None:
            yield name, basic


def _properties(row: Row) -> Mapping[str, Any]:
    """The properties of an event, which columns keep as JSON text."""
    given = row.get("properties")
    found = json.loads(given) if isinstance(given, str) and given else given
    return found if isinstance(found, Mapping) else {}


def _lines(row: Row) -> Iterator[Row]:
    """The products that an event is about, each with what the event says of it."""
    items = row.get("items") or ()
    if items:
        yield from items
    elif row.get("product") is not None or row.get("category") is not None:
        yield row


def _about(line: Row, products: Mapping[str, Product]) -> dict[str, str]:
    """Category, price band, brand and brand tone of a product in an event."""
    known = products.get(str(line.get("product")))
    category = line.get("category") or (known.narrowest_category if known else None)
    brand = line.get("brand") or (known.brand if known else None)
    price = line.get("price")
    if price is None and known is not None:
        price = known.price_minor
    found = {
        "category": category,
        "brand": brand,
        "brand_tone": known.brand_tone if known else None,
    }
    about = {name: str(value) for name, value in found.items() if value}
    if isinstance(price, int):
        about["price_band"] = price_band(price)
    return about
