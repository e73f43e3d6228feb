"""Calls of Segment by the column are what they are one by one, and bad ones go one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.connectors.instants import parse_iso
from qianmian.connectors.segment_calls import TYPE_BY_NAME
from qianmian.server.ingest import segment
from qianmian.server.ingest.quick import QUICK
from qianmian.server.viewer_tokens import ViewerClaims
from qianmian.vocabulary.events import CATALOG, SENDERS, Sender
from tests.unit.server.ingest.test_quick import NOW, OWN, TOKEN, TOKEN_OF_ROOM, context, told

AT = "2026-11-18T11:46:39.250Z"
LATER = "2026-11-18T19:46:41.500999+08:00"

GOOD_PROPERTIES: dict[str, tuple[Any, ...]] = {
    "product_id": ("p1", "p2", 7, None),
    "sku": ("s1", ""),
    "category": ("c", 5),
    "price": (12.5, 12, "3.10", None, 1e2),
    "total": (99.9, "5"),
    "value": (1,),
    "amount": (0, 3.25),
    "currency": ("CNY", "usd", "", None),
    "quantity": (1, 3, None),
    "text": ("多少钱", "666", "two\nlines"),
    "page": ("/p",),
    "path": ("/path",),
    "order_id": ("o1",),
    "refund_id": (None, "f1"),
    "coupon_id": ("k1",),
    "products": ([{"product_id": "p", "price": 2.5, "quantity": 2}], []),
    "room": ("r2", "", None, 0),
    "room_id": ("r3", 8),
    "session_id": ("s-1", None, 4),
    "visible": (True, False),
    "idle_ms": (0, 50),
    "channel": ("wechat",),
    "other": ({"deep": [1, {"x": None}]}, 1e300, "😀"),
}
BAD_PROPERTIES: dict[str, tuple[Any, ...]] = {
    "product_id": (True, ["p"], "x" * 600),
    "price": (1.005, -1, "much", True, 1e30),
    "currency": ("XXX", 5),
    "quantity": (2.0, "3", -1, "x"),
    "text": (5, "bell\x07"),
    "room": (True, [1], "x" * 600),
    "products": ("p", [{"sku": None}], [{"product_id": "p", "price": "x"}]),
    "visible": ("yes", 1),
}
NAMES = (
    *TYPE_BY_NAME,
    *(event.name for event in CATALOG),
    "Comment Sent",
    "product_viewed",
    "Order Refunded",
)
WHO: tuple[dict[str, Any], ...] = (
    {"userId": "u", "anonymousId": None},
    {"userId": "u"},
    {"anonymousId": OWN},
    {"anonymousId": OWN, "userId": None},
    {"userId": "u", "anonymousId": OWN},
    {"userId": "", "anonymousId": OWN},
)
CONTEXTS: tuple[Any, ...] = (
    {"library": {"name": "x"}},
    {"room": "r9", "sessionId": 12},
    {"room": None},
    {"sessionId": ""},
)


def properties(told_of: dict[str, tuple[Any, ...]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(told_of)), st.integers(0, 9), max_size=6).map(
        lambda drawn: {k: told_of[k][i % len(told_of[k])] for k, i in drawn.items()}
    )


@st.composite
def calls(draw: st.DrawFn, *, odd: bool) -> dict[str, Any]:
    """One call; odd ones may have anything wrong with them."""
    kinds = (
        ["track"] * 6 + ["page", "screen", "identify"] + (["group", "alias", "no"] if odd else [])
    )
    call: dict[str, Any] = {"type": draw(st.sampled_from(kinds)), **draw(st.sampled_from(WHO))}
    named = (
        NAMES
        if odd
        else ("Product Viewed", "heartbeat", "Comment Sent", "Order Completed", "liked")
    )
    if call["type"] == "track":
        call["event"] = draw(st.sampled_from(named))
        given_properties = {**BAD_PROPERTIES} if odd and draw(st.booleans()) else GOOD_PROPERTIES
        call["properties"] = draw(properties(given_properties))
        if not odd:
            call["properties"] |= {
                "product_id": "p1",
                "text": "hm",
                "order_id": "o",
                "visible": True,
            }
    elif call["type"] == "identify":
        call["traits"] = draw(
            st.sampled_from([{"level": 2, "rate": 1.5, "no": None, "deep": [1]}, {}, None])
        )
    else:
        call |= draw(st.sampled_from([{}, {"name": "home"}, {"properties": {"url": "/u"}}]))
    call |= draw(st.sampled_from([{}, {"messageId": "m1"}, {"messageId": "m2"}, {"messageId": ""}]))
    times = [
        {},
        {"timestamp": AT},
        {"originalTimestamp": AT, "sentAt": LATER},
        {"timestamp": LATER},
    ]
    call |= draw(st.sampled_from([*times, {"timestamp": "noon"}] if odd else times))
    if draw(st.booleans()):
        call["context"] = draw(st.sampled_from([*CONTEXTS, None, 5] if odd else CONTEXTS))
    return call


def body_of(batch: list[Any], around: dict[str, Any]) -> bytes:
    return json.dumps({"batch": batch, "writeKey": "k", **around}, ensure_ascii=False).encode()


AROUND: tuple[dict[str, Any], ...] = (
    {},
    {"sentAt": LATER},
    {"sentAt": None, "context": {"room": "r5"}},
    {"context": {"sessionId": "v"}, "sentAt": AT},
    {"context": None},
    {"sentAt": "noon"},
)


@given(
    st.lists(calls(odd=False), min_size=1, max_size=12)
    | st.lists(calls(odd=False) | calls(odd=True), min_size=1, max_size=4),
    st.sampled_from(AROUND),
    st.sampled_from(SENDERS),
    st.sampled_from([None, None, TOKEN, TOKEN_OF_ROOM]),
    st.sampled_from([frozenset[str](), frozenset([OWN])]),
)
def test_both_ways_give_the_same(
    batch: list[dict[str, Any]],
    around: dict[str, Any],
    sender: Sender,
    claims: ViewerClaims | None,
    linked: frozenset[str],
) -> None:
    given_context = context(sender, claims=claims, linked=linked)
    body = body_of(batch, around)
    slow = segment.decode_batch(body, given_context)
    assert told(segment.DECODERS[segment.BATCH_ROUTE](body, given_context)) == told(slow)
    quick = QUICK["batch"](body, given_context)
    assert quick is None or quick.to_rows() == told(slow)[0]


@given(st.lists(calls(odd=False), min_size=1, max_size=8), st.sampled_from(AROUND[:4]))
def test_good_calls_of_servers_take_the_quick_way(
    batch: list[dict[str, Any]], around: dict[str, Any]
) -> None:
    batch = [call for call in batch if call.get("userId") != ""]
    given_context = context(linked=frozenset([OWN]))
    slow = segment.decode_batch(body_of(batch, around), given_context)
    quick = QUICK["batch"](body_of(batch, around), given_context)
    assert (quick is not None) == (bool(batch) and not slow.rejected)


@pytest.mark.parametrize(
    "bad",
    [{"type": "track", "event": "likd", "userId": "u"}, {"type": "group", "userId": "u"}, 5,
     {"type": "track", "event": "liked"}, {"type": "alias", "userId": "u", "previousId": OWN},
     {"type": "identify", "userId": "u", "anonymousId": OWN, "traits": {"a": 1}},
     {"type": "track", "event": "profile_updated", "userId": "u", "properties": {"traits": {}}},
     {"type": "track", "event": "liked", "userId": "u", "sentAt": None},
     {"type": "track", "event": "liked", "userId": "u", "context": {"x": "y" * 40_000}}],
)  # fmt: skip
def test_a_body_with_an_unusual_call_goes_one_by_one(bad: Any) -> None:
    good = {"type": "track", "event": "liked", "userId": "u", "timestamp": AT}
    body = body_of([good] * 9 + [bad], {})
    assert QUICK["batch"](body_of([good] * 9, {}), context()) is not None
    assert QUICK["batch"](body, context()) is None
    decode = segment.DECODERS[segment.BATCH_ROUTE]
    assert told(decode(body, context())) == told(segment.decode_batch(body, context()))


@pytest.mark.parametrize(
    "ignored", [b'"\xff"', b'"\\ud800"', b"[" * 2_000 + b"]" * 2_000, b"01", b'"a\nb"']
)
def test_what_nobody_reads_must_be_json_too(ignored: bytes) -> None:
    good = b'{"type":"track","event":"liked","userId":"u"}'
    broken = b'{"type":"track","event":"liked","userId":"u","x":' + ignored + b"}"
    body = b'{"batch":[' + b",".join([good] * 15 + [broken]) + b"]}"
    assert QUICK["batch"](body, context()) is None
    decode = segment.DECODERS[segment.BATCH_ROUTE]
    assert told(decode(body, context())) == told(segment.decode_batch(body, context()))


def test_too_many_calls_are_refused_as_before() -> None:
    good = {"type": "track", "event": "liked", "userId": "u"}
    decoded = segment.DECODERS[segment.BATCH_ROUTE](body_of([good] * 51, {}), context())
    assert decoded.problem is not None
    assert decoded.problem.reason_code == "too_many_events"


def test_the_instants_of_the_examples_are_instants() -> None:
    assert NOW - 1e9 < (parse_iso(AT) or 0) < (parse_iso(LATER) or 0) < NOW + 1e9
