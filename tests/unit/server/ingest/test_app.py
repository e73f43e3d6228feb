"""Posts and their answers: what is accepted, what is told, and when."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from qianmian.errors import OperationalError, Overloaded
from qianmian.server.ingest.app import LARGE_BYTES, IngestApp
from qianmian.server.ingest.limits import Limits
from tests.fakes.ingest import FakeLetters, FakeSources
from tests.ingesting import (
    BROWSER,
    CONNECTOR,
    NOW,
    SERVER,
    UUID,
    Ingest,
    basic,
    sources,
    track,
)

CALLS: dict[str, dict[str, object]] = {
    "track": {"event": "Product Viewed", "properties": {"product_id": "p1"}},
    "identify": {"traits": {"city": "杭州"}},
    "page": {"name": "home"},
    "screen": {"name": "home"},
    "alias": {"previousId": "a1"},
}
SHORT = {"t": "track", "i": "identify", "p": "page", "s": "screen", "a": "alias"}


@pytest.mark.parametrize("kind", CALLS)
def test_each_call_of_segment_has_its_address(kind: str) -> None:
    ingest = Ingest()
    reply = ingest.post(f"/v1/{kind}", {"userId": "u1", "messageId": "m"} | CALLS[kind])
    assert (reply.status, reply.body) == (200, {"success": True, "accepted": 1, "rejected": []})
    assert ingest.log.rows[0]["source"] == "shop"
    assert ingest.log.rows[0]["message_id"] == "m"


@pytest.mark.parametrize(("short", "kind"), SHORT.items())
def test_the_short_addresses_of_browsers_mean_the_same(short: str, kind: str) -> None:
    body = {"userId": "u1", "messageId": "m"} | CALLS[kind]
    long, brief = Ingest(), Ingest()
    long.post(f"/v1/{kind}", body)
    assert brief.post(f"/v1/{short}", body).status == 200
    assert brief.log.rows == long.log.rows


def test_a_group_call_says_that_it_has_no_counterpart() -> None:
    for path in ("/v1/group", "/v1/g"):
        reply = Ingest().post(path, {"userId": "u1", "groupId": "g"})
        assert reply.status == 400
        assert reply.body["rejected"][0]["code"] == "no_counterpart"
        assert reply.body["message"], "Segment's SDKs read it"


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b"])
def test_a_batch_is_answered_event_by_event(path: str) -> None:
    ingest = Ingest()
    calls = [track(), track(event="Nonsense", messageId="m2"), track(messageId="m3"), 7]
    reply = ingest.post(path, {"batch": calls})
    assert reply.status == 200
    assert (reply.body["success"], reply.body["accepted"]) == (True, 2)
    assert [(one["index"], one["message_id"], one["code"]) for one in reply.body["rejected"]] == [
        (1, "m2", "unknown_type"),
        (3, None, "not_an_object"),
    ]
    assert [row["message_id"] for row in ingest.log.rows] == ["m1", "m3"]


def test_a_batch_without_one_good_event_is_refused_with_the_list() -> None:
    reply = Ingest().post("/v1/batch", {"batch": [track(event="x"), track(event="y")]})
    assert reply.status == 400
    assert (reply.body["success"], reply.body["accepted"]) == (False, 0)
    assert [one["index"] for one in reply.body["rejected"]] == [0, 1]
    assert reply.body["code"] == "nothing_accepted"


def test_the_answer_comes_after_the_log_has_it_and_not_before() -> None:
    ingest = Ingest()
    ingest.log.failures = [Overloaded(retry_after_ms=1_500)]
    reply = ingest.post("/v1/track", track())
    assert (reply.status, reply.headers["retry-after"]) == (429, "2")
    assert ingest.log.rows == []
    assert ingest.post("/v1/track", track()).status == 200
    assert len(ingest.log.rows) == 1


def test_a_disk_that_takes_nothing_is_told_as_such_and_can_be_tried_again() -> None:
    ingest = Ingest()
    ingest.log.failures = [OperationalError("the disk is full")]
    reply = ingest.post("/v1/track", track())
    assert (reply.status, reply.body["code"]) == (503, "not_durable")
    assert "retry-after" in reply.headers


def test_a_post_that_waits_for_the_disk_when_the_server_stops_is_to_come_again() -> None:
    ingest = Ingest()
    ingest.log.failures = [asyncio.CancelledError()]
    reply = ingest.post("/v1/track", track())
    assert (reply.status, reply.body["code"]) == (429, "overloaded")
    assert "retry-after" in reply.headers


def test_where_the_keys_cannot_be_read_the_sender_comes_again_and_nothing_is_taken() -> None:
    ingest = Ingest()
    ingest.sources.failure = OperationalError("the database is locked")
    reply = ingest.post("/v1/track", track())
    assert (reply.status, reply.body["code"]) == (503, "not_durable")
    assert "retry-after" in reply.headers
    assert ingest.log.batches == []


# -- keys


def test_a_key_may_stand_in_five_places() -> None:
    basic_key = basic(SERVER)
    places: list[tuple[dict[str, str], str, dict[str, str]]] = [
        (basic_key, "", {}),
        ({"authorization": f"Bearer {SERVER}"}, "", {}),
        ({"x-write-key": SERVER}, "", {}),
        ({}, f"key={SERVER}", {}),
        ({}, "", {"writeKey": SERVER}),
        ({"authorization": "Bearer an-oauth-token"}, "", {"writeKey": SERVER}),
    ]
    for headers, query, more in places:
        reply = Ingest().post("/v1/track", track(**more), key=None, headers=headers, query=query)
        assert reply.status == 200, (headers, query, more)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + "x" * 10_000},
        basic("nobody"),
        basic("\u5343"),
        {"authorization": "Bearer"},
        {"authorization": "Digest x"},
    ],
    ids=repr,
)
def test_without_a_known_key_nothing_is_taken(headers: dict[str, str]) -> None:
    ingest = Ingest()
    reply = ingest.post("/v1/track", track(), key=None, headers=headers)
    assert (reply.status, reply.body["code"]) == (401, "unknown_key")
    assert not ingest.log.batches
    assert ingest.letters.count() == 0, "a stranger cannot fill the dead letters"


def test_the_class_and_the_source_are_those_of_the_key_whatever_the_event_says() -> None:
    ingest = Ingest()
    ingest.post("/v1/events", {"events": [{"type": "liked", "viewer": "u", "source": "other"}]})
    assert ingest.log.rows[0]["source"] == "shop"


# -- time


def test_a_wrong_clock_of_the_device_is_corrected_by_when_it_sent() -> None:
    ingest = Ingest()
    call = track(timestamp="2031-01-01T00:00:00.000Z")
    ingest.post("/v1/batch", {"batch": [call], "sentAt": "2031-01-01T00:00:07.500Z"})
    assert ingest.log.rows[0]["event_time"] == NOW - 7_500


def test_original_timestamp_goes_before_timestamp_and_received_at_is_not_believed() -> None:
    ingest = Ingest()
    call = track(
        originalTimestamp="2031-01-01T00:00:00Z",
        timestamp="2031-01-01T00:00:01Z",
        sentAt="2031-01-01T00:00:02Z",
        receivedAt="2040-01-01T00:00:00Z",
    )
    ingest.post("/v1/track", call)
    assert ingest.log.rows[0]["event_time"] == NOW - 2_000
    assert ingest.log.rows[0]["clock"] == NOW


def test_a_time_ahead_is_the_arrival_and_flagged() -> None:
    ingest = Ingest()
    ingest.post("/v1/track", track(timestamp="2031-01-01T00:00:00Z"))
    assert ingest.log.rows[0]["event_time"] == NOW
    assert ingest.log.rows[0]["future"] == 1


def test_no_time_at_all_is_the_arrival() -> None:
    ingest = Ingest()
    call = track()
    del call["timestamp"]
    ingest.post("/v1/track", call)
    assert ingest.log.rows[0]["event_time"] == NOW


def test_native_events_are_corrected_in_the_same_way() -> None:
    ingest = Ingest()
    event = {"type": "liked", "viewer": "u", "event_time": 5_000}
    ingest.post("/v1/events", {"sent_at": 6_000, "events": [event]})
    assert ingest.log.rows[0]["event_time"] == NOW - 1_000


# -- what decoding adds


def test_the_classes_of_a_comment_are_computed_at_the_door() -> None:
    ingest = Ingest()
    calls = [
        track("Comment Sent", properties={"text": text}, messageId=text) for text in ("好", "贵?")
    ]
    ingest.post("/v1/batch", {"batch": [*calls, track(messageId="v")]})
    assert [row.get("classes") for row in ingest.log.rows] == [0, 1, 0]


def test_the_context_of_a_batch_is_merged_into_each_call() -> None:
    ingest = Ingest()
    calls = [track(context={"sessionId": "s1"}), track(messageId="m2", context={"room": "r9"})]
    ingest.post("/v1/batch", {"batch": calls, "context": {"room": "r5"}})
    assert [(row["room"], row.get("visit")) for row in ingest.log.rows] == [
        ("r5", "s1"),
        ("r9", None),
    ]


def test_an_event_without_an_id_gets_one_and_two_posts_never_share_it() -> None:
    ingest = Ingest()
    for _ in range(2):
        ingest.post("/v1/events", [{"type": "liked", "viewer": "u"}] * 2)
    assert len({row["message_id"] for row in ingest.log.rows}) == 4


def test_a_source_without_heartbeats_says_so_in_each_row() -> None:
    keys = sources()
    keys["k2"] = replace(keys[SERVER], name="app", presence=True)
    ingest = Ingest(keys)
    ingest.post("/v1/events", [{"type": "liked", "viewer": "u"}])
    ingest.post("/v1/events", [{"type": "liked", "viewer": "u"}], key="k2")
    assert [row.get("presence_none") for row in ingest.log.rows] == [1, None]


# -- links


def identify(anonymous: str = "a1", **more: object) -> dict[str, object]:
    return {"userId": "u1", "anonymousId": anonymous, "traits": {"vip": True}, **more}


def test_both_ids_link_once_and_the_traits_are_told_beside_the_link() -> None:
    ingest = Ingest()
    ingest.post("/v1/identify", identify(messageId="m1"))
    link, profile = ingest.log.rows
    assert (link["type"], link["viewer"], link["linked_viewer"]) == ("identity_linked", "?a1", "u1")
    assert link["traits"] == profile["traits"] == {"vip": True}
    assert (profile["type"], profile["viewer"]) == ("profile_updated", "u1")
    assert link["message_id"] != profile["message_id"]
    ingest.post("/v1/identify", identify(messageId="m2"))
    assert [row["type"] for row in ingest.log.rows[2:]] == ["profile_updated"]


def test_a_link_that_did_not_become_durable_is_made_again() -> None:
    ingest = Ingest()
    ingest.log.failures = [Overloaded()]
    assert ingest.post("/v1/identify", identify()).status == 429
    ingest.post("/v1/identify", identify())
    assert ingest.log.rows[0]["type"] == "identity_linked"


def test_one_batch_links_an_id_once() -> None:
    ingest = Ingest()
    ingest.post("/v1/batch", {"batch": [identify(type="identify")] * 3})
    kinds = [row["type"] for row in ingest.log.rows]
    assert kinds.count("identity_linked") == 1
    assert kinds.count("profile_updated") == 3


def test_the_memory_of_links_is_bounded() -> None:
    ingest = Ingest()
    ingest.app.links._bound = 2
    for name in ("a1", "a2", "a3"):
        ingest.app.links.add(name)
    assert [name in ingest.app.links for name in ("a1", "a2", "a3")] == [False, True, True]


# -- bodies


def test_gzip_is_read() -> None:
    ingest = Ingest()
    body = gzip.compress(json.dumps({"batch": [track()]}).encode())
    assert ingest.post("/v1/batch", body, headers={"content-encoding": "gzip"}).status == 200


@pytest.mark.parametrize("content", ["text/plain", "text/plain;charset=UTF-8", "", "x/y"])
def test_segment_bodies_are_json_whatever_they_are_called(content: str) -> None:
    assert Ingest().post("/v1/t", track(), headers={"content-type": content}).status == 200


def test_a_gzip_bomb_is_unfolded_no_further_than_the_bound() -> None:
    bomb = gzip.compress(b" " * 400_000_000, compresslevel=9)
    assert len(bomb) < 500_000
    reply = Ingest().post("/v1/batch", bomb, headers={"content-encoding": "gzip"})
    assert (reply.status, reply.body["code"]) == (413, "body_too_large")


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more", b""],
    ids=["no gzip", "cut off", "followed", "empty"],
)
def test_a_broken_gzip_body_is_refused(body: bytes) -> None:
    reply = Ingest().post("/v1/batch", body, headers={"content-encoding": "gzip"})
    assert (reply.status, reply.body["code"]) == (400, "bad_encoding")


def test_an_encoding_that_is_not_served_is_named() -> None:
    reply = Ingest().post("/v1/batch", b"x", headers={"content-encoding": "br"})
    assert (reply.status, reply.body["code"]) == (400, "bad_encoding")


def test_a_body_of_a_megabyte_is_too_large_announced_or_not() -> None:
    ingest = Ingest()
    large = json.dumps({"batch": [track(messageId=str(n)) for n in range(7_000)]}).encode()
    assert len(large) > 1_000_000
    parts = [large[n : n + 65_536] for n in range(0, len(large), 65_536)]
    streamed = ingest.send("POST", "/v1/batch", parts, headers=basic(SERVER))
    announced = ingest.post("/v1/batch", large, headers={"content-length": str(len(large))})
    assert streamed.status == announced.status == 413
    assert not ingest.log.batches


def test_an_event_above_32_kb_costs_only_itself() -> None:
    ingest = Ingest()
    padding = 32_768 - len(json.dumps(track(pad="")))
    fits, above = (track(pad="x" * (padding + more)) for more in (0, 1))
    reply = ingest.post("/v1/batch", {"batch": [fits, above, track()]})
    assert (reply.status, reply.body["accepted"]) == (200, 2)
    assert [(one["index"], one["code"]) for one in reply.body["rejected"]] == [(1, "too_large")]


def test_2500_events_are_taken_and_2501_are_not() -> None:
    ingest = Ingest()
    small = {"type": "page", "userId": "u1"}
    assert ingest.post("/v1/batch", {"batch": [small] * 2_500}).body["accepted"] == 2_500
    reply = ingest.post("/v1/batch", {"batch": [small] * 2_501})
    assert (reply.status, reply.body["code"]) == (400, "too_many_events")
    assert len(ingest.log.rows) == 2_500


DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
POISON = {
    "no json": b"not json",
    "cut off": b'{"batch":[{"type":"track"',
    "a list": b"[1,2]",
    "null": b"null",
    "empty": b"",
    "broken utf-8": b'{"batch":[{"type":"track","event":"\xff\xfe"}]}',
    "nan": b'{"batch":[{"type":"track","userId":"u","event":"Liked","properties":{"q":NaN}}]}',
    "infinity": b'{"batch":[{"userId":"u","type":"page","properties":{"q":-Infinity}}]}',
    "deep": DEEP,
    "deep in a call": b'{"batch":[' + DEEP[:15_000] + b"]}",
    "deep call": b'{"batch":[{"type":"page","userId":"u","context":'
    + b"[" * 9_000
    + b"]" * 9_000
    + b"}]}",
    "long number": b'{"batch":[{"type":"page","userId":' + b"9" * 30_000 + b"}]}",
    "huge exponent": b'{"batch":[{"type":"track","event":"Order Completed","userId":"u",'
    b'"properties":{"order_id":"o","total":1e999999999}}]}',
    "half a surrogate": b'{"batch":[{"type":"page","userId":"\\ud800"}]}',
    "empty batch": b'{"batch":[]}',
    "batch of another type": b'{"batch":{"type":"track"}}',
}


@pytest.mark.parametrize("name", POISON)
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track", "/v1/events"])
def test_no_poison_is_our_fault(name: str, path: str) -> None:
    ingest = Ingest()
    reply = ingest.post(path, POISON[name])
    assert reply.status in (200, 400, 413), reply
    assert reply.body["success"] is (reply.status == 200)
    assert ingest.post("/v1/track", track()).status == 200, "the next post is not concerned"


def test_of_a_name_that_stands_twice_the_last_counts() -> None:
    ingest = Ingest()
    body = b'{"userId":"u1","userId":"u2","event":"Liked","messageId":"m"}'
    assert ingest.post("/v1/track", body).status == 200
    assert ingest.log.rows[0]["viewer"] == "u2"


def test_a_sender_that_goes_away_leaves_nothing() -> None:
    ingest = Ingest()
    with pytest.raises(IndexError):  # nothing was answered, so there is nothing to show
        ingest.send("POST", "/v1/track", [], headers=basic(SERVER))
    assert not ingest.log.batches


# -- other addresses


def test_the_metrics_of_an_sdk_are_taken_and_forgotten() -> None:
    ingest = Ingest()
    assert ingest.post("/v1/m", {"series": []}, key=None).status == 200
    assert not ingest.log.batches


def test_analytics_js_learns_where_to_send() -> None:
    reply = Ingest().send(
        "GET", f"/v1/projects/{BROWSER}/settings", headers={"host": "shop.example"}
    )
    assert reply.status == 200
    assert reply.body == {
        "integrations": {
            "Segment.io": {"apiKey": BROWSER, "apiHost": "shop.example/v1", "protocol": "https"}
        }
    }


@pytest.mark.parametrize("key", [SERVER, CONNECTOR, "nobody"])
def test_settings_are_for_browser_keys_only(key: str) -> None:
    assert Ingest().send("GET", f"/v1/projects/{key}/settings").status == 404


def test_a_page_may_ask_before_it_posts() -> None:
    reply = Ingest().send("OPTIONS", "/v1/t", headers={"origin": "https://shop.example"})
    assert reply.status == 204
    assert reply.headers["access-control-allow-origin"] == "https://shop.example"
    allowed = reply.headers["access-control-allow-headers"]
    assert all(name in allowed for name in ("authorization", "content-type", "x-retry-count"))


def test_a_page_may_read_the_answer_also_a_refusal() -> None:
    reply = Ingest().post("/v1/t", track(), key=None, headers={"origin": "https://shop.example"})
    assert reply.status == 401
    assert reply.headers["access-control-allow-origin"] == "https://shop.example"
    assert reply.headers["access-control-expose-headers"] == "retry-after"


@pytest.mark.parametrize("path", ["/v1/", "/v1/tracks", "/ingest/", "/v1/projects/x", "/v2/track"])
def test_an_address_that_is_not_there_is_404(path: str) -> None:
    assert Ingest().post(path, track()).status == 404


def test_another_method_is_405() -> None:
    assert Ingest().send("GET", "/v1/track").status == 405


# -- statistics


def test_each_source_is_counted() -> None:
    ingest = Ingest()
    ingest.post("/v1/batch", {"batch": [track(), track(event="x"), track(messageId="2")]})
    ingest.post("/v1/t", track(anonymousId=UUID), key=BROWSER)
    ingest.post("/v1/t", b"{", key=BROWSER)
    ingest.post("/v1/t", track(), key="nobody")
    shop, site = ingest.app.statistics()
    assert (shop.name, shop.posts, shop.events, shop.rejected) == ("shop", 1, 2, 1)
    assert (shop.first_at, shop.last_at, shop.delay_p50_ms) == (NOW, NOW, 40_000)
    assert shop.rejected_by_code == {"unknown_type": 1}
    assert (site.name, site.events, site.rejected_by_code) == ("site", 1, {"bad_json": 1})
    assert ingest.app.refused_without_source() == {"unknown_key": 1}


def test_posts_that_wait_are_bounded() -> None:
    ingest = Ingest(limits=Limits(in_flight=0))
    reply = ingest.post("/v1/track", track())
    assert (reply.status, reply.body["code"]) == (429, "overloaded")
    assert "retry-after" in reply.headers


def test_a_large_body_is_decoded_beside_the_event_loop_and_a_small_one_on_it() -> None:
    ingest, where = Ingest(), []

    def classify(texts: Iterable[str]) -> np.ndarray:
        where.append(threading.get_ident())
        return np.zeros(len(list(texts)), np.int64)

    ingest.app = IngestApp(
        sources=FakeSources(sources()),
        submit=ingest.log.submit,
        dead_letters=FakeLetters(),
        clock=lambda: NOW,
        classify=classify,
        secret=b"s" * 32,
    )
    text = {"type": "comment_sent", "viewer": "u", "text": "hm"}
    for more in ({}, {"type": "likd"}):
        events = [text, text | more, *([text] * (LARGE_BYTES // 40))]
        reply = ingest.post("/v1/events", {"events": events})
        assert reply.status == 200
        assert reply.body["accepted"] == len(events) - len(more)
    assert ingest.post("/v1/events", {"events": [text] * 9}).status == 200
    here = threading.get_ident()
    assert [one == here for one in where] == [False, False, True]


def test_two_replays_of_a_large_letter_count_once() -> None:
    ingest = Ingest()
    call = track(event="Nonsense", properties={"why": "x" * 2_000})
    ingest.post("/v1/batch", {"batch": [call] * 100})
    letter, kept = next(iter(ingest.letters.kept.items()))
    mended = replace(kept, body=kept.body.replace(b"Nonsense", b"Product Viewed"))
    mended = replace(mended, body=mended.body.replace(b'"why"', b'"product_id":"p1","why"'))
    ingest.letters.kept[letter] = mended

    async def twice() -> list[object]:
        return list(await asyncio.gather(*(ingest.app.replay(letter) for _ in range(2))))

    told = asyncio.run(twice())
    assert told.count(None) == 1
    assert len(ingest.log.rows) == 100
