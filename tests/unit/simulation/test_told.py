from __future__ import annotations

from typing import Any

from qianmian.simulation.told import Fact, in_order, told


def row(at_s: float, kind: str, viewer: str | None = "v", **fields: Any) -> dict[str, Any]:
    who = {} if viewer is None else {"viewer": viewer}
    at = int(at_s * 1_000)
    return {"type": kind, "event_time": at, "message_id": f"{kind}{at}{viewer}"} | who | fields


def beats(first_s: int, last_s: int) -> list[dict[str, Any]]:
    return [row(at, "heartbeat") for at in range(first_s, last_s + 1, 15)]


def facts(*rows: dict[str, Any]) -> dict[tuple[str, str | None], int]:
    ordered = sorted(rows, key=lambda one: one["event_time"])
    return {(f.what, f.about): at for f, at in told(ordered).items() if f.what != "came"}


VIEWED = row(0, "product_viewed", product="p1", category="c")
CARTED = row(0, "cart_added", product="p1")


def test_two_minutes_on_a_page_are_a_long_look() -> None:
    assert facts(VIEWED, *beats(15, 130)) == {("looked_long", "p1"): 120_000}
    assert facts(VIEWED, *beats(15, 105)) == {}


def test_a_step_another_page_leaving_or_silence_end_the_look() -> None:
    for end in (
        row(120, "checkout_started", items=[{"product": "p1"}]),
        row(60, "product_left", product="p1"),
        row(60, "product_viewed", product="p2"),
        row(60, "room_left"),
        row(60, "product_withdrawn", None, product="p1"),
        row(60, "session_ended", None),
    ):
        assert ("looked_long", "p1") not in facts(VIEWED, end, *beats(15, 150)), end
    assert facts(VIEWED, *beats(15, 30), *beats(90, 150)) == {}  # gone at 75 s
    other_tab = row(60, "product_viewed", product="p2", page_id="t2")
    assert facts(VIEWED, other_tab, *beats(15, 150)) == {("looked_long", "p1"): 120_000}


def test_a_cart_is_left_after_five_minutes_unless_ordered_or_emptied() -> None:
    assert facts(CARTED, *beats(15, 310)) == {("left_in_cart", "p1"): 300_000}
    order = row(200, "order_created", items=[{"product": "p2"}, {"product": "p1"}])
    assert facts(CARTED, order, *beats(15, 310)) == {}
    assert facts(CARTED, row(9, "cart_removed", product="p1"), *beats(15, 310)) == {}
    assert facts(CARTED, row(9, "checkout_started", product="p1"), *beats(15, 310)) != {}


def test_three_products_of_a_category_within_a_minute_are_compared() -> None:
    looks = [row(at, "product_clicked", product=f"p{at}", category="c") for at in (0, 30, 59)]
    assert facts(*looks) == {("compared", "c"): 59_000}
    looks[2] = row(60, "product_clicked", product="p3", category="c")
    assert facts(*looks) == {}


def test_who_acts_within_a_minute_of_an_offer_joined_it() -> None:
    offer = row(0, "promo_started", None)
    assert facts(offer, row(60, "coupon_claimed")) == {("joined_promo", None): 60_000}
    assert facts(offer, row(61, "coupon_claimed")) == {}


def test_a_login_makes_one_person_of_two_ids() -> None:
    came = {"type": "room_entered", "event_time": 0, "message_id": "1", "anonymous_id": "a"}
    link = row(5, "identity_linked", "k", anonymous_id="a")
    paid = row(9, "order_paid", "k")
    assert told([came, link, paid]) == {
        Fact("came", "k", None): 0,
        Fact("bought", "k", None): 9_000,
    }


def test_what_comes_late_takes_its_place_and_copies_go() -> None:
    one, two, three = row(1, "liked"), row(2, "liked"), row(30, "liked")
    sent = [(2_000, two), (3_000, one), (4_000, one), (30_000, three)]
    assert list(in_order(sent, 5_000)) == [one, two, three]
