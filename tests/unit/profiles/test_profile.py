from __future__ import annotations

from typing import Any

import pytest

from qianmian.profiles.basic import CONFIDENCE, told
from qianmian.profiles.preference import ENOUGH, HALF_LIFE_MS, price_band
from qianmian.profiles.profile import Profile, profile_of
from qianmian.profiles.stage import Change, Days, on_day, stages
from qianmian.vocabulary.product import Product

NOW = 1_790_000_000_000


def row(kind: str, at: int = NOW, **given: Any) -> dict[str, Any]:
    return {"type": kind, "clock": at, "event_time": at, "viewer": "v", **given}


def trait(at: int, origin: str | None, **traits: Any) -> dict[str, Any]:
    properties = {} if origin is None else {"properties": f'{{"trait_origin": "{origin}"}}'}
    return row("profile_updated", at, traits=traits, **properties)


def test_nothing_told_is_nothing_known() -> None:
    assert profile_of([]) == Profile()
    assert profile_of([row("liked")]).basic == {}


def test_who_said_it_goes_before_when_it_was_said() -> None:
    rows = [
        trait(1, "declared", age=25),
        trait(2, None, age=30),
        trait(3, "stated", age=31),
        trait(4, "inferred", age=40),
    ]
    found = profile_of(rows).basic["age"]
    assert (found.value, found.origin, found.confidence, found.at) == (25, "declared", 95, 1)
    found = profile_of(rows[1:]).basic["age"]
    assert (found.value, found.origin) == (30, "platform")
    assert profile_of([*rows, trait(9, "declared", age=26)]).basic["age"].value == 26


def test_a_sender_may_say_how_sure_it_is_in_percent() -> None:
    given = [told("age", 25, 1, "stated", sure) for sure in (33, 101, -1, True, "80", None)]
    found = [one.confidence for one in given if one is not None]
    assert found == [33, *[CONFIDENCE["stated"]] * 5]
    known = told("age", 25, 1, "hearsay")
    assert known is not None
    assert known.origin == "platform"


@pytest.mark.parametrize("origin", ["stated", "inferred"])
def test_nothing_sensitive_is_stated_or_inferred(origin: str) -> None:
    assert profile_of([trait(1, origin, religion="x", city="y")]).basic.keys() == {"city"}
    assert profile_of([trait(1, "declared", religion="x")]).basic.keys() == {"religion"}


def test_a_preference_takes_enough_acts_and_half_of_the_weight() -> None:
    few = [row("product_viewed", product="p", category="serum")] * (ENOUGH - 1)
    assert profile_of(few).preference.preferred("category", NOW) is None
    assert profile_of([*few, *few]).preference.preferred("category", NOW) == "serum"
    coats = [row("cart_added", product="c", category="coat")] * 2
    mixed = profile_of([*few, *coats]).preference
    assert mixed.preferred("category", NOW) == "coat"
    assert [(one.value, one.n) for one in mixed.likings("category", NOW)] == [
        ("coat", 2),
        ("serum", 4),
    ]
    assert mixed.likings("category", NOW)[0].share == pytest.approx(10 / 14)
    assert mixed.preferred("brand", NOW) is None


def test_what_was_long_ago_weighs_less() -> None:
    old = row("cart_added", NOW - 2 * HALF_LIFE_MS, product="a", category="old")
    new = row("product_viewed", product="b", category="new")
    found = profile_of([old, new, new]).preference.likings("category", NOW)
    assert [one.value for one in found] == ["new", "old"]
    assert found[1].share == pytest.approx(1.25 / 3.25)


def test_the_catalog_of_products_says_what_an_event_does_not() -> None:
    product = Product("p", category=("beauty", "serum"), brand="b", brand_tone="warm",
                      price_minor=29_900)  # fmt: skip
    seen = profile_of([row("product_viewed", product="p")], {"p": product}).preference
    assert {name: next(iter(values)) for name, values in seen.weights.items()} == {
        "category": "serum",
        "brand": "b",
        "brand_tone": "warm",
        "price_band": "200_500",
    }
    own = profile_of([row("product_viewed", product="p", category="c", price=1)], {"p": product})
    assert next(iter(own.preference.weights["category"])) == "c"
    assert next(iter(own.preference.weights["price_band"])) == "under_50"


def test_each_line_of_an_order_counts() -> None:
    items = [{"product": "a", "category": "x"}, {"product": "b", "category": "y"}]
    found = profile_of([row("order_paid", items=items, amount=700)])
    assert {one.value for one in found.preference.likings("category", NOW)} == {"x", "y"}
    assert (found.behavior["order_paid"].n, found.behavior["order_paid"].amount_minor) == (1, 700)


def test_a_price_at_a_bound_is_of_the_band_above() -> None:
    prices = (4_999, 5_000, 19_999, 20_000, 50_000, 99_999, 100_000)
    assert [price_band(one) for one in prices] == [
        "under_50", "50_200", "50_200", "200_500", "500_1000", "500_1000", "1000_up",
    ]  # fmt: skip


def days(*came: int, paid: tuple[int, ...] = ()) -> Days:
    found = Days()
    for day in came:
        found = found.plus(on_day(day, paid=day in paid))
    return found


@pytest.mark.parametrize(
    ("given", "today", "wanted"),
    [
        (days(), 5, []),
        (days(3), 5, [Change("new", 3)]),
        (days(3, paid=(3,)), 5, [Change("active", 3)]),
        (days(3, 4), 5, [Change("new", 3), Change("active", 4)]),
        (days(3), 17, [Change("new", 3), Change("churn_risk", 17)]),
        (days(3), 33, [Change("new", 3), Change("churn_risk", 17), Change("dormant", 33)]),
        (
            days(3, 40, 41),
            41,
            [
                Change("new", 3),
                Change("churn_risk", 17),
                Change("dormant", 33),
                Change("returned", 40),
                Change("active", 41),
            ],
        ),
        (days(3, 20), 20, [Change("new", 3), Change("churn_risk", 17), Change("active", 20)]),
        (days(1, 400), 400, [Change("returned", 400)]),
        (days(1, 400, paid=(400,)), 400, [Change("active", 400)]),
        (
            days(1, 15, 190),  # day 10 and before are not kept: there may have been a day
            190,
            [
                Change("active", 15),
                Change("churn_risk", 29),
                Change("dormant", 45),
                Change("returned", 190),
            ],
        ),
        (days(9), 5, []),
    ],
)
def test_stages_begin_when_the_page_says(given: Days, today: int, wanted: list[Change]) -> None:
    assert stages(given, today) == wanted
