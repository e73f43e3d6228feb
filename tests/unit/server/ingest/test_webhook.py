"""Webhooks by a mapping: what becomes of a record, a dry run, and records that come again."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from qianmian.errors import InputError
from qianmian.server.ingest.webhook import mapping_of
from tests.ingesting import BROWSER, CONNECTOR, NOW, SERVER, Ingest, Reply, sources

MAPPING = """
columns:
  viewer: buyer.id
  type: topic
  order_id: data.order.0.no
  product: data.sku
  amount: data.paid
  event_time: at
  visible: shown
types:
  order.paid: order_paid
  item.seen: product_viewed
time: milliseconds
currency: CNY
constants: {room: main}
records: body.events
"""
SEEN: dict[str, Any] = {
    "topic": "item.seen",
    "buyer": {"id": "u1"},
    "data": {"sku": "p1"},
    "at": NOW,
}
PAID: dict[str, Any] = {
    "topic": "order.paid",
    "buyer": {"id": 7},
    "data": {"order": [{"no": "o1"}], "paid": 12.30},
    "at": NOW - 5,
}


def hooked(mapping: str = MAPPING) -> Ingest:
    keys = sources()
    keys[CONNECTOR] = replace(keys[CONNECTOR], mapping=mapping, default_room=None)
    return Ingest(keys)


def send(ingest: Ingest, records: object, *, path: str = "platform", key: str = CONNECTOR) -> Reply:
    body = {"body": {"events": records}}
    return ingest.post(f"/ingest/webhook/{path}", body, key=None, query=f"key={key}")


def test_records_become_events_by_the_mapping() -> None:
    ingest = hooked()
    assert send(ingest, [SEEN, PAID]).body["accepted"] == 2
    paid, seen = ingest.log.rows  # by their time
    assert (seen["type"], seen["viewer"], seen["product"], seen["room"]) == (
        "product_viewed",
        "u1",
        "p1",
        "main",
    )
    assert (paid["type"], paid["viewer"], paid["order_id"]) == ("order_paid", "7", "o1")
    assert (paid["amount"], paid["currency"], paid["verified"]) == (1_230, "CNY", 1)
    assert (paid["event_time"], paid["source"]) == (NOW - 5, "platform")


def test_a_record_that_comes_again_has_the_same_id_and_another_has_not() -> None:
    ingest = hooked()
    for records in ([SEEN], [SEEN], [SEEN | {"at": NOW - 1}]):
        send(ingest, records)
    ids = [row["message_id"] for row in ingest.log.rows]
    assert ids[0] == ids[1] != ids[2]


def test_bad_records_are_told_by_their_place() -> None:
    reply = send(
        hooked(),
        [
            SEEN,
            SEEN | {"topic": "unknown"},
            3,
            SEEN | {"at": "yesterday"},
            SEEN | {"buyer": {"id": ["u"]}},
            PAID | {"data": {"order": [], "paid": 1e300}},
        ],
    )
    assert reply.body["accepted"] == 1
    assert [(one["index"], one["code"]) for one in reply.body["rejected"]] == [
        (1, "unknown_type"),
        (2, "not_an_object"),
        (3, "bad_time"),
        (4, "wrong_type"),
        (5, "out_of_range"),
    ]


def test_the_time_may_be_left_out_and_is_then_the_arrival() -> None:
    ingest = hooked('{"columns": {"viewer": "u", "type": "t"}, "types": {"x": "liked"}}')
    body = {"u": "u1", "t": "x"}
    reply = ingest.post("/ingest/webhook/platform", body, key=CONNECTOR)
    assert reply.body["rejected"][0]["code"] == "no_room"
    keys = ingest.sources.keys
    keys[CONNECTOR] = replace(keys[CONNECTOR], default_room="r1")
    assert (
        ingest.post("/ingest/webhook/platform", [body, body | {"n": 1}], key=CONNECTOR).body[
            "accepted"
        ]
        == 2
    )
    assert {row["event_time"] for row in ingest.log.rows} == {NOW}


def test_a_webhook_needs_its_own_key_and_not_a_browsers() -> None:
    ingest = hooked()
    assert send(ingest, [SEEN], key="nobody").status == 401
    assert send(ingest, [SEEN], key=SERVER).status == 401, "of another source"
    assert send(ingest, [SEEN], path="site", key=BROWSER).status == 403
    assert not ingest.log.batches


@pytest.mark.parametrize(
    "body",
    [
        {"other": 1},
        {"body": 3},
        {"body": {"events": []}},
        {"body": {"events": [SEEN] * 20_001}},
        [1],
        b"{",
        b"\xff",
    ],
    ids=["no path", "no object", "empty", "too many", "a list", "no json", "no text"],
)
def test_a_body_that_the_mapping_does_not_fit_is_refused(body: object) -> None:
    ingest = hooked()
    reply = ingest.post("/ingest/webhook/platform", body, key=CONNECTOR)
    assert reply.status in (400, 413)
    assert not ingest.log.batches


def test_a_source_without_a_mapping_says_so() -> None:
    for mapping in ("", "columns: [", "columns: {viewer: a, type: b, colour: c}\ntypes: {}"):
        reply = send(hooked(mapping), [SEEN])
        assert (reply.status, reply.body["code"]) == (400, "bad_mapping"), mapping


def test_a_dry_run_shows_the_event_or_the_reason_and_keeps_nothing() -> None:
    ingest = hooked()
    body = {"body": {"events": [SEEN, SEEN | {"topic": "unknown"}]}}
    reply = ingest.post("/ingest/webhook/platform/test", body, key=CONNECTOR)
    assert reply.body["problem"] is None
    good, bad = reply.body["records"]
    assert (good["index"], good["event"]["type"], good["event"]["viewer"]) == (
        0,
        "product_viewed",
        "u1",
    )
    assert (bad["index"], bad["code"]) == (1, "unknown_type")
    assert not ingest.log.batches
    assert ingest.letters.count() == 0
    broken = ingest.post("/ingest/webhook/platform/test", {"body": 3}, key=CONNECTOR)
    assert broken.body["problem"]


def test_a_mapping_can_be_tried_before_the_source_has_it() -> None:
    ingest = hooked()
    trial = {"mapping": "columns: {viewer: u, type: t}\ntypes: {x: liked}\nconstants: {room: r}"}
    content = {"content-type": "application/vnd.qianmian.mapping-test+json"}
    path = "/ingest/webhook/platform/test"
    told = ingest.post(
        path, trial | {"body": {"u": "u1", "t": "x"}}, key=CONNECTOR, headers=content
    )
    assert told.body["records"][0]["event"]["type"] == "liked"
    broken = ingest.post(path, {"mapping": "[", "body": {}}, key=CONNECTOR, headers=content)
    assert broken.body["problem"]
    assert ingest.post(path, b"{", key=CONNECTOR, headers=content).body["problem"]
    assert ingest.post(path, trial | {"body": {}}, key=None, headers=content).status == 401


def test_the_page_for_it_runs_its_own_script_and_asks_nobody_else() -> None:
    reply = hooked().send("GET", "/ingest/webhook/platform/test")
    text = reply.raw.decode()
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    policy = reply.headers["content-security-policy"]
    for element in ("script", "style"):
        inside = text.split(f"<{element}>")[1].split(f"</{element}>")[0]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "http" not in text, "no address of anybody"


def test_a_dead_letter_of_a_webhook_can_be_replayed_when_the_mapping_is_mended() -> None:
    ingest = hooked()
    send(ingest, [SEEN, SEEN | {"topic": "item.liked"}])
    letter = ingest.letters.newest()[0]
    assert json.loads(letter.body) == [SEEN | {"topic": "item.liked"}]
    keys = ingest.sources.keys
    mended = MAPPING.replace("item.seen:", "item.liked: liked\n  item.seen:")
    keys[CONNECTOR] = replace(keys[CONNECTOR], mapping=mended)
    assert ingest.replay(letter.id) == (1, [])
    assert [row["type"] for row in ingest.log.rows] == ["product_viewed", "liked"]


def test_a_mapping_is_checked_as_a_whole() -> None:
    with pytest.raises(InputError, match="no mapping yet"):
        mapping_of("  ")
    with pytest.raises(InputError, match="anchors"):
        mapping_of("columns: &a {viewer: x, type: t}\ntypes: *a")
    with pytest.raises(InputError, match="unknown event"):
        mapping_of("columns: {viewer: x, type: t}\ntypes: {a: nothing}")
    assert mapping_of("columns: {viewer: x, type: t}\ntypes: {a: liked}").types == {"a": "liked"}
