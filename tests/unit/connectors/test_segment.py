from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.connectors.reading import read

AT = "2026-11-22T11:16:07.776Z"
AT_MS = 1795346167776


def call(kind: str = "track", **given: Any) -> dict[str, Any]:
    return {"type": kind, "userId": "u1", "messageId": "m1", "timestamp": AT} | given


def track(event: str, properties: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    return call(event=event, properties=properties or {}, **given)


def one(folder: Path, given: dict[str, Any]) -> dict[str, Any]:
    rows, rejected = read(folder, "segment", json.dumps(given))
    assert rejected == []
    return rows[0]


def reason(folder: Path, given: object) -> str:
    rows, rejected = read(folder, "segment", json.dumps(given))
    assert rows == []
    return rejected[0][1]


PRODUCT = {"product_id": "p1", "category": "Games", "price": 18.99, "quantity": 1}
ORDER = {
    "order_id": "o1",
    "total": 27.5,
    "revenue": 25,
    "currency": "USD",
    "products": [
        {"product_id": "a", "price": 19, "quantity": 1, "category": "Games"},
        {"sku": "b", "price": 3, "quantity": 2},
    ],
}


@pytest.mark.parametrize(
    ("name", "properties", "canonical"),
    [
        ("Product Viewed", PRODUCT, "product_viewed"),
        ("Product Clicked", PRODUCT, "product_clicked"),
        ("Product Added", PRODUCT, "cart_added"),
        ("Product Removed", PRODUCT, "cart_removed"),
        ("Product Added to Wishlist", PRODUCT, "product_favorited"),
        ("Wishlist Product Added to Cart", PRODUCT, "cart_added"),
        ("Product Shared", PRODUCT, "shared"),
        ("Checkout Started", ORDER, "checkout_started"),
        ("Order Completed", ORDER, "order_paid"),
        ("Order Refunded", ORDER, "order_refunded"),
        ("Order Cancelled", ORDER, "order_cancelled"),
        ("Coupon Applied", {"coupon_id": "c1"}, "coupon_claimed"),
        ("comment_sent", {"text": "多少钱"}, "comment_sent"),
        ("Comment Sent", {"comment": "多少钱"}, "comment_sent"),
        ("  product   viewed ", PRODUCT, "product_viewed"),
    ],
)
def test_a_name_is_mapped(
    tmp_path: Path, name: str, properties: dict[str, Any], canonical: str
) -> None:
    row = one(tmp_path, track(name, properties))
    assert row["type"] == canonical
    assert (row["viewer"], row["message_id"], row["event_time"]) == ("u1", "m1", AT_MS)


def test_prices_are_read_exactly_in_minor_units(tmp_path: Path) -> None:
    row = one(tmp_path, track("Product Viewed", PRODUCT | {"price": 0.29, "currency": "usd"}))
    assert (row["price"], row["currency"], row["product"]) == (29, "USD", "p1")
    row = one(tmp_path, track("Product Viewed", PRODUCT | {"price": 980, "currency": "JPY"}))
    assert row["price"] == 980


def test_an_order_is_what_the_buyer_paid_with_its_lines(tmp_path: Path) -> None:
    row = one(tmp_path, track("Order Completed", ORDER))
    assert (row["order_id"], row["amount"], row["currency"]) == ("o1", 2750, "USD")
    assert row["items"] == [
        {"product": "a", "category": "Games", "quantity": 1, "price": 1900, "amount": 1900},
        {"product": "b", "quantity": 2, "price": 300, "amount": 600},
    ]
    refund = one(tmp_path, track("Order Refunded", ORDER))
    assert (refund["refund_id"], refund["amount"]) == ("m1", 2750)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"timestamp": AT}, 0),
        # The device is 10 s ahead: it says :17 when it is :07.
        ({"timestamp": "2026-11-22T11:16:17.776Z", "sentAt": "2026-11-22T11:16:18.776Z",
          "receivedAt": "2026-11-22T11:16:08.776Z"}, 0),
        ({"originalTimestamp": "2026-11-22T11:16:17.776Z", "sentAt": "2026-11-22T11:16:18.776Z",
          "receivedAt": "2026-11-22T11:16:08.776Z"}, 0),
        ({"timestamp": None, "receivedAt": AT}, 0),
        ({"timestamp": "2026-11-22T11:16:09Z", "receivedAt": AT}, 0),  # not after its arrival
        ({"timestamp": "2026-11-22T19:16:07.776+08:00"}, 0),
    ],
)  # fmt: skip
def test_time_is_corrected_by_the_clock_of_the_server(
    tmp_path: Path, given: dict[str, Any], wanted: int
) -> None:
    assert one(tmp_path, track("Product Viewed", PRODUCT, **given))["event_time"] == AT_MS + wanted


def test_identify_links_once_and_then_updates_the_profile(tmp_path: Path) -> None:
    lines = [
        call("identify", anonymousId="a1", traits={"city": "Wuhan"}),
        call("identify", anonymousId="a1", traits={"age": 30, "score": 0.5, "address": {"x": 1}}),
        call("alias", previousId="a2"),
    ]
    rows, rejected = read(tmp_path, "segment", "\n".join(map(json.dumps, lines)))
    assert rejected == []
    assert [row["type"] for row in rows] == [
        "identity_linked",
        "profile_updated",
        "identity_linked",
    ]
    assert (rows[0]["viewer"], rows[0]["anonymous_id"]) == ("u1", "a1")
    assert rows[0]["traits"] == {"city": "Wuhan"}
    assert rows[1]["traits"] == {"age": 30, "score": 0.5}
    assert rows[2]["anonymous_id"] == "a2"


def test_a_page_is_a_heartbeat_of_somebody_who_has_just_acted(tmp_path: Path) -> None:
    row = one(tmp_path, call("page", userId=None, anonymousId="a1", name="Home"))
    assert (row["type"], row["page"], row["idle_ms"], row["visible"]) == ("heartbeat", "Home", 0, 1)
    assert row["anonymous_id"] == "a1"


def test_a_batch_is_many_rows_with_the_context_of_the_whole(tmp_path: Path) -> None:
    body = {
        "batch": [track("Product Viewed", PRODUCT), "nonsense", track("Product Added", PRODUCT)],
        "context": {"sessionId": "s1", "room": "main"},
        "sentAt": AT,
    }
    rows, rejected = read(tmp_path, "segment", json.dumps(body))
    assert [row["visit"] for row in rows] == ["s1", "s1"]
    assert [row["room"] for row in rows] == ["main", "main"]
    assert rejected == [(1, "not_an_object")]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (track("Products Searched"), "no_counterpart"),
        (track("Order Updated", ORDER), "no_counterpart"),
        (call("group"), "no_counterpart"),
        (track("Teleported"), "unknown_type"),
        (call("video"), "unknown_type"),
        (track(""), "missing_field"),
        (track("Product Viewed"), "missing_field"),
        (track("Product Viewed", PRODUCT, userId=None), "no_viewer"),
        (track("Product Viewed", PRODUCT, timestamp="yesterday"), "bad_time"),
        (track("Product Viewed", PRODUCT, timestamp="2026-11-22T11:16:07"), "bad_time"),
        (track("Product Viewed", PRODUCT, timestamp=None), "bad_time"),
        (track("Product Viewed", PRODUCT | {"price": 1.999}), "precision"),
        (track("Product Viewed", PRODUCT | {"price": -1}), "negative"),
        (track("Product Viewed", PRODUCT | {"price": "ten"}), "wrong_type"),
        (track("Product Viewed", PRODUCT | {"price": [1]}), "wrong_type"),
        (track("Product Viewed", PRODUCT | {"currency": "XYZ"}), "unknown_currency"),
        (track("Order Completed", ORDER | {"products": [{"price": 1}]}), "missing_field"),
        (track("Order Completed", ORDER | {"products": {}}), "wrong_type"),
        (track("Order Completed", ORDER) | {"properties": [1]}, "wrong_type"),
        ({"batch": [{}] * 2501}, "too_many"),
        ({"batch": {}}, "too_many"),
        ([], "bad_json"),
    ],
)
def test_a_call_that_is_no_event_is_told_why(tmp_path: Path, given: object, code: str) -> None:
    assert reason(tmp_path, given) == code


def test_a_number_with_a_huge_exponent_costs_nothing(tmp_path: Path) -> None:
    text = json.dumps(track("Product Viewed", PRODUCT)).replace("18.99", "1e999999999")
    assert read(tmp_path, "segment", text)[1] in ([(1, "out_of_range")], [(1, "bad_json")])


def test_the_examples_of_the_specification_are_all_read_or_refused_by_name(
    real_data: Path, tmp_path: Path
) -> None:
    file = real_data / "live_platform_payloads" / "segment_ecommerce_v2_examples.json"
    calls = json.loads(file.read_text(encoding="utf-8"))
    for number, given in enumerate(calls):
        given |= {"userId": "u1", "messageId": f"m{number}", "timestamp": AT}
    rows, rejected = read(tmp_path, "segment", "\n".join(map(json.dumps, calls)))
    assert len(rows) + len(rejected) == len(calls) == 25
    assert {code for _, code in rejected} == {"no_counterpart"}
    assert [row["type"] for row in rows] == [
        "product_clicked",
        "product_viewed",
        "cart_added",
        "cart_removed",
        "checkout_started",
        "order_paid",
        "order_refunded",
        "order_cancelled",
        "product_favorited",
        "cart_added",
        "shared",
        "shared",
    ]
