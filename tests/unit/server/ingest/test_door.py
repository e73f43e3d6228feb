"""Limits: rates of keys and addresses, new names, origins, slow bodies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from qianmian.runtime.sources import SourceLimits
from qianmian.server.ingest.buckets import NameCounter, TokenBuckets, address_group
from qianmian.server.ingest.limits import ClassLimits, Limits, NewNames, Rate
from qianmian.server.ingest.wire import Refusal, Request, read_body
from qianmian.vocabulary.events import Sender
from tests.ingesting import BROWSER, NOW, SERVER, UUID, Ingest, sources, track


def limited(**more: Any) -> Limits:
    """The usual limits, with others for browsers."""
    usual = Limits()
    by_class: Mapping[Sender, ClassLimits] = MappingProxyType(
        {**usual.by_class, "browser": replace(usual.by_class["browser"], **more)}
    )
    return replace(usual, by_class=by_class)


def likes(count: int, *, viewer: str = UUID) -> list[dict[str, str]]:
    return [{"type": "liked", "anonymous_id": viewer}] * count


def test_a_key_that_sends_too_much_waits_and_loses_nothing() -> None:
    ingest = Ingest(limits=limited(per_key=Rate(10, 20), per_address=None))
    assert ingest.post("/v1/events", likes(25), key=BROWSER).body["accepted"] == 25
    refused = ingest.post("/v1/events", likes(1), key=BROWSER, address="198.51.100.9")
    assert (refused.status, refused.body["code"]) == (429, "rate")
    assert refused.headers["retry-after"] == "1"
    ingest.now += 501  # 5 below zero at 10 a second
    assert ingest.post("/v1/events", likes(1), key=BROWSER).status == 200
    assert ingest.post("/v1/events", likes(1), key=SERVER).status == 200, "another key"


def test_a_source_may_have_a_rate_of_its_own() -> None:
    keys = sources()
    keys[SERVER] = replace(keys[SERVER], limits=SourceLimits(events_per_second=1))
    ingest = Ingest(keys)
    assert ingest.post("/v1/events", likes(3)).status == 200
    assert ingest.post("/v1/events", likes(1)).status == 429


def test_an_address_that_sends_too_much_waits_whatever_its_key_and_others_do_not() -> None:
    ingest = Ingest(limits=limited(per_key=None, per_address=Rate(1, 5)))
    assert ingest.post("/v1/events", likes(5), key=BROWSER).status == 200
    assert ingest.post("/v1/events", likes(1), key=BROWSER).status == 429
    assert ingest.post("/v1/events", likes(1), key="wrong").status == 429, "before the key"
    assert ingest.post("/v1/events", likes(1), key=BROWSER, address="198.51.100.9").status == 200
    assert ingest.post("/v1/events", likes(1), key=SERVER).status == 200, "the shop's own server"


def test_large_bodies_pay_as_the_events_they_could_have_been() -> None:
    ingest = Ingest(limits=limited(per_key=Rate(1, 10), per_address=None))
    ingest.post("/v1/t", track(anonymousId=UUID, pad="x" * 30_000), key=BROWSER)
    assert ingest.post("/v1/events", likes(1), key=BROWSER).status == 429


def test_rubbish_pays_too() -> None:
    ingest = Ingest(limits=limited(per_key=Rate(1, 3), per_address=None))
    statuses = [ingest.post("/v1/t", b"{", key=BROWSER).status for _ in range(4)]
    assert statuses == [400, 400, 400, 429]


@pytest.mark.parametrize("field", ["viewers", "products", "rooms"])
def test_new_names_of_a_minute_are_bounded_and_known_ones_are_not(field: str) -> None:
    names = replace(NewNames(1_000, 1_000, 1_000), **{field: 3})
    ingest = Ingest(limits=limited(new_names=names, new_viewers_per_address=None))

    def post(number: int) -> int:
        event = {
            "type": "product_viewed",
            "anonymous_id": f"{UUID}{number if field == 'viewers' else ''}",
            "product": f"p{number if field == 'products' else ''}",
            "room": f"r{number if field == 'rooms' else ''}",
        }
        return ingest.post("/v1/events", [event], key=BROWSER).status

    assert [post(number) for number in range(5)] == [200, 200, 200, 429, 429]
    assert [post(number) for number in range(3)] == [200, 200, 200], "known"
    ingest.now += 60_000
    assert post(3) == 200, "a new minute"
    assert len(ingest.log.rows) == 7, "what was refused is not in the log"


def test_what_was_refused_for_new_names_did_not_use_the_minute_up() -> None:
    ingest = Ingest(limits=limited(new_names=NewNames(2, 9, 9), new_viewers_per_address=None))
    for number in range(20):
        ingest.post("/v1/events", likes(1, viewer=f"{UUID}{number}"), key=BROWSER)
    ingest.now += 60_000
    assert ingest.post("/v1/events", likes(1, viewer=f"{UUID}x"), key=BROWSER).status == 200


def test_one_address_brings_only_so_many_new_viewers() -> None:
    ingest = Ingest(limits=limited(new_viewers_per_address=2))
    statuses = [
        ingest.post("/v1/events", likes(1, viewer=f"{UUID}{n}"), key=BROWSER).status
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]
    elsewhere = ingest.post(
        "/v1/events", likes(1, viewer=f"{UUID}y"), key=BROWSER, address="198.51.100.9"
    )
    assert elsewhere.status == 200


def test_names_and_addresses_that_are_remembered_are_bounded() -> None:
    buckets = TokenBuckets(10)
    counter = NameCounter(10)
    for number in range(1_000):
        buckets.take(str(number), Rate(1, 1), NOW, 1)
        counter.note([str(number)], counter.unseen([f"n{number}"]), NOW)
    assert len(buckets) == 10
    assert len(counter._young) + len(counter._old) <= 20
    assert len(counter._minutes) == 10


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    buckets = TokenBuckets(10)
    buckets.take("a", Rate(1, 1), NOW, 1)
    assert buckets.wait_ms("a", Rate(1, 1), NOW - 60_000) == 1
    assert buckets.wait_ms("a", Rate(1, 1), NOW) == 1
    assert buckets.wait_ms("a", Rate(1, 1), NOW + 1) == 0


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("unix", "unix"),
        ("", ""),
    ],
)
def test_a_phone_has_a_whole_network_of_ipv6(host: str, group: str) -> None:
    assert address_group(host) == group


def test_only_pages_that_the_source_names_may_use_its_key() -> None:
    keys = sources()
    keys[BROWSER] = replace(keys[BROWSER], origins=("https://shop.example",))
    ingest = Ingest(keys)
    body = track(anonymousId=UUID)
    for origin, status in (
        ("https://shop.example", 200),
        ("https://evil.example", 403),
        ("https://shop.example.evil.example", 403),
        ("http://shop.example", 403),
        ("null", 403),
    ):
        reply = ingest.post("/v1/t", body, key=BROWSER, headers={"origin": origin})
        assert reply.status == status, origin
        told = reply.headers.get("access-control-allow-origin")
        assert told == (origin if status == 200 else None)
        settings = ingest.send(
            "GET", f"/v1/projects/{BROWSER}/settings", headers={"origin": origin}
        )
        assert settings.status == status
    assert ingest.post("/v1/t", body, key=BROWSER).status == 200, "an app sends no origin"
    assert ingest.post("/v1/t", body, headers={"origin": "https://evil.example"}).status == 200


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def never() -> dict[str, Any]:
        await asyncio.get_running_loop().create_future()
        return {}

    request = Request("POST", "/v1/t", {}, {}, "", "http")
    with pytest.raises(Refusal) as told:
        asyncio.run(read_body(request, never, most_bytes=10, timeout_ms=1))
    assert told.value.answer().status == 408


def test_the_announced_length_is_believed_only_when_it_is_too_large() -> None:
    ingest = Ingest()
    for length in ("5", "x", "-1", "9" * 30):
        assert ingest.post("/v1/track", track(), headers={"content-length": length}).status == 200
    assert ingest.post("/v1/track", track(), headers={"content-length": "512001"}).status == 413


def test_a_trusted_key_may_send_more_at_once_and_a_browser_may_not() -> None:
    ingest = Ingest()
    large = json.dumps(likes(10_000)).encode()
    assert len(large) > 500 * 1024
    assert ingest.post("/v1/events", large).body["accepted"] == 10_000
    assert ingest.post("/v1/events", large, key=BROWSER).status == 413
    assert ingest.post("/v1/events", likes(2_501), key=BROWSER).status == 400
