"""One event as sent: what is accepted as what, and what is refused why."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.batch import EventBatch
from qianmian.vocabulary.decode import FUTURE_MS, canonical
from qianmian.vocabulary.rejected import REASONS, Rejected

ARRIVAL = 1_000_000
VIEWED = {"type": "product_viewed", "viewer": "u1", "room": "r1", "product": "p1"}
PAID = {"type": "order_paid", "viewer": "u1", "order_id": "o1"}


def accepted(raw: Any, **options: Any) -> dict[str, Any]:
    row = canonical(raw, arrival=ARRIVAL, **options)
    assert not isinstance(row, Rejected), row
    EventBatch.from_rows([row])  # every accepted row is a row of a batch
    return row


def refused(raw: Any, **options: Any) -> str:
    rejected = canonical(raw, arrival=ARRIVAL, **options)
    assert isinstance(rejected, Rejected), rejected
    assert rejected.reason_code in REASONS
    return rejected.reason_code


def test_a_plain_event_becomes_a_row() -> None:
    assert accepted(VIEWED) == VIEWED | {"clock": ARRIVAL, "event_time": ARRIVAL}


def test_null_and_the_empty_string_are_absent() -> None:
    row = accepted(VIEWED | {"brand": "", "price": None, "anonymous_id": ""})
    assert row == accepted(VIEWED)


def test_an_event_never_happens_after_it_arrived() -> None:
    early = accepted(VIEWED | {"event_time": ARRIVAL - 5})
    ahead = accepted(VIEWED | {"event_time": ARRIVAL + FUTURE_MS})
    far_ahead = accepted(VIEWED | {"event_time": ARRIVAL + FUTURE_MS + 1})
    assert early["event_time"] == ARRIVAL - 5
    assert (ahead["event_time"], "future" in ahead) == (ARRIVAL, False)
    assert (far_ahead["event_time"], far_ahead["future"]) == (ARRIVAL, 1)


def test_the_known_id_of_a_viewer_wins() -> None:
    assert "anonymous_id" not in accepted(VIEWED | {"anonymous_id": "a1"})


def test_behavior_without_a_room_gets_the_default_room_of_its_source() -> None:
    raw = {"type": "liked", "viewer": "u1"}
    assert accepted(raw, default_room="r9")["room"] == "r9"
    assert refused(raw) == "no_room"
    assert "room" not in accepted(PAID)


def test_a_room_event_has_no_viewer() -> None:
    row = accepted({"type": "session_started", "room": "r1", "viewer": "u1", "anonymous_id": "a"})
    assert "viewer" not in row
    assert "anonymous_id" not in row


def test_a_link_needs_both_ids() -> None:
    link = {"type": "identity_linked", "viewer": "u1", "anonymous_id": "a1"}
    assert accepted(link)["anonymous_id"] == "a1"
    assert refused(link | {"viewer": None}) == "missing_field"
    assert refused(link | {"anonymous_id": ""}) == "missing_field"


@pytest.mark.parametrize("kind", ["identity_linked", "identity_unlinked"])
def test_two_known_ids_are_told_by_a_key_of_the_server_only(kind: str) -> None:
    same = {"type": kind, "viewer": "douyin-1", "linked_viewer": "wechat-1"}
    assert accepted(same)["linked_viewer"] == "wechat-1"
    assert refused(same, sender="connector") == "not_allowed"
    assert refused(same | {"anonymous_id": "a1"}) == "missing_field"
    assert refused(same | {"linked_viewer": "?a1"}) == "id_reserved"
    assert refused({"type": kind, "linked_viewer": "x"}) == "missing_field"


def test_an_order_of_a_browser_is_only_a_hint() -> None:
    assert accepted(PAID)["verified"] == 1
    assert accepted(PAID, sender="connector")["verified"] == 1
    assert accepted(PAID, sender="browser")["verified"] == 0
    assert "verified" not in accepted(VIEWED)


def test_an_order_without_an_amount_costs_its_lines() -> None:
    items = [{"product": "p", "price": 100, "quantity": 2}, {"product": "q", "amount": 50}]
    assert accepted(PAID | {"items": items})["amount"] == 250
    assert accepted(PAID | {"items": items, "amount": 240})["amount"] == 240
    assert "amount" not in accepted(PAID | {"items": [*items, {"product": "r"}]})
    started = {"type": "checkout_started", "viewer": "u1", "room": "r1", "items": items}
    assert accepted(started)["amount"] == 250


def test_properties_become_canonical_text() -> None:
    row = accepted(VIEWED | {"properties": {"b": 1, "a": "千", "c": None}})
    assert row["properties"] == '{"a":"千","b":1}'


def test_an_integral_float_is_a_whole_number() -> None:
    assert accepted(VIEWED | {"price": 100.0})["price"] == 100


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "not_an_object"),
        ([VIEWED], "not_an_object"),
        ({}, "missing_field"),
        ({"type": "product_view", "viewer": "u"}, "unknown_type"),
        ({"type": 7}, "wrong_type"),
        (VIEWED | {"product_id": "p"}, "unknown_field"),
        (VIEWED | {"verified": 1}, "unknown_field"),
        (VIEWED | {7: "p"}, "unknown_field"),
        (VIEWED | {"product": ""}, "missing_field"),
        (VIEWED | {"product": 7}, "wrong_type"),
        (VIEWED | {"price": "100"}, "wrong_type"),
        (VIEWED | {"price": True}, "wrong_type"),
        (VIEWED | {"price": math.nan}, "not_finite"),
        (VIEWED | {"price": math.inf}, "not_finite"),
        (VIEWED | {"price": -1}, "negative"),
        (VIEWED | {"price": 9.9}, "fractional"),
        (VIEWED | {"price": 2**53 + 1}, "out_of_range"),
        (VIEWED | {"price": 10**5_000}, "out_of_range"),
        (VIEWED | {"price": 1e300}, "out_of_range"),
        (VIEWED | {"event_time": -1}, "negative"),
        (VIEWED | {"brand": "b" * 513}, "too_long"),
        (VIEWED | {"brand": "a\x00b"}, "bad_characters"),
        (VIEWED | {"brand": "a\ud83d"}, "bad_characters"),
        (VIEWED | {"currency": "YEN"}, "unknown_currency"),
        (VIEWED | {"viewer": "u" * 129}, "id_too_long"),
        (VIEWED | {"viewer": "u\n"}, "id_characters"),
        (VIEWED | {"viewer": "?a"}, "id_reserved"),
        (VIEWED | {"anonymous_id": 7}, "wrong_type"),
        (VIEWED | {"viewer": None}, "no_viewer"),
        (VIEWED | {"properties": {"a": [1]}}, "wrong_type"),
        (VIEWED | {"properties": {"a": math.inf}}, "not_finite"),
        (VIEWED | {"properties": {"a": 2**60}}, "out_of_range"),
        (VIEWED | {"properties": {"": 1}}, "wrong_type"),
        (VIEWED | {"properties": {"a" * 65: 1}}, "too_long"),
        (VIEWED | {"properties": {"a\n": 1}}, "bad_characters"),
        (VIEWED | {"properties": {str(i): "x" * 500 for i in range(9)}}, "too_long"),
        (VIEWED | {"properties": {str(i): i for i in range(65)}}, "too_many"),
        ({"type": "comment_sent", "viewer": "u", "room": "r", "text": "x" * 2_001}, "too_long"),
        ({"type": "heartbeat", "viewer": "u", "room": "r", "visible": 1}, "wrong_type"),
        (PAID | {"order_id": None}, "missing_field"),
        (PAID | {"items": [{"product": "p", "amount": 1 << 53}] * 2}, "out_of_range"),
        ({"type": "order_refunded", "viewer": "u", "order_id": "o"}, "missing_field"),
        ({"type": "erased", "viewer": "u"}, "not_allowed"),
        ({"type": "profile_updated", "viewer": "u", "traits": []}, "wrong_type"),
    ],
)
def test_a_bad_event_is_refused_with_a_reason(raw: Any, reason: str) -> None:
    assert refused(raw, sender="server") == reason


def test_a_browser_may_not_speak_for_the_room() -> None:
    assert refused({"type": "session_ended", "room": "r"}, sender="browser") == "not_allowed"


def test_the_detail_names_the_value_and_what_was_probably_meant() -> None:
    unknown = canonical({"type": "cart_add"}, arrival=0)
    assert unknown == Rejected(
        "unknown_type", 'unknown event "cart_add". Did you mean "cart_added"?'
    )
    field = canonical(VIEWED | {"product_id": "p"}, arrival=0)
    assert isinstance(field, Rejected)
    assert field.detail == 'product_viewed has no field "product_id". Did you mean "product"?'


def test_comments_keep_their_line_breaks() -> None:
    raw = {"type": "comment_sent", "viewer": "u", "room": "r", "text": "真的假的\n这么好😀"}
    assert accepted(raw)["text"] == "真的假的\n这么好😀"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(["order_paid", "product_viewed", "profile_updated", "heartbeat"]),
    st.dictionaries(
        st.sampled_from(["viewer", "room", "order_id", "items", "traits", "amount", "product"]),
        JSON,
    ),
)
def test_decoding_is_total(name: str, fields: dict[str, Any]) -> None:
    row = canonical({"type": name} | fields, arrival=ARRIVAL, default_room="r")
    if not isinstance(row, Rejected):
        EventBatch.from_rows([row])


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_every_reason_has_a_text_in_both_languages(locale: str) -> None:
    path = resources.files("qianmian.locales").joinpath(locale, "errors.json")
    texts = json.loads(path.read_text("utf-8"))
    reasons = [key.removeprefix("rejected.") for key in texts if key.startswith("rejected.")]
    assert sorted(reasons) == sorted(REASONS)
