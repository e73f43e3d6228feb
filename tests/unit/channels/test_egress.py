"""The one way out: what may be called, what is never called, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NoReturn

import httpcore
import pytest

from qianmian.channels.egress import (
    MAX_ANSWER_BYTES,
    Egress,
    NotSent,
    Unknown,
    check_url,
    is_public,
)
from qianmian.channels.webhook import headers_of
from qianmian.errors import InputError
from tests.fakes.receiver import KEY, said
from tests.fakes.receiver import receiving as receivers
from tests.serving import now_ms

PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14"]
PRIVATE = [
    *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.9", "192.168.1.1", "100.64.0.1"),
    *("169.254.169.254", "224.0.0.1", "255.255.255.255", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::"),
    "2001:0:0:0:0:0:80ff:fffe",  # Teredo of 127.0.0.1
]


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_lead_to_our_own_machines(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.example/", "ftp://shop.example/", "https:///x", "//shop.example"),
        *("https://me:secret@shop.example/", "https://shop.example:99999/", "https://店.example/"),
        *("https://shop.example/a b", "https://shop.example/\r\nx: y", "javascript:alert(1)", ""),
        f"https://shop.example/{'x' * 2_048}",
    ],
)
def test_what_is_no_address_to_call(url: str) -> None:
    with pytest.raises(InputError) as told:
        check_url(url, allow_private=False)
    assert "secret" not in str(told.value)


def post(egress: Egress, url: str) -> Any:
    headers = {"webhook-id": "x", "webhook-timestamp": "0", "webhook-signature": "v1,"}
    return asyncio.run(egress.post(url, headers, b"{}"))


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:169.254.169.254"], []]
)
def test_a_name_that_leads_into_our_network_is_not_called(found: list[str]) -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return found

    with pytest.raises(NotSent):
        post(Egress(resolve=resolve), "https://shop.example/hooks")


def test_the_connection_goes_to_the_address_that_was_checked_and_asks_once() -> None:
    asked: list[tuple[str, int]] = []

    async def story() -> int:
        async with receivers([said(204)]) as there:
            port = int(there.url.split(":")[2].split("/")[0])

            async def resolve(host: str, at: int) -> Sequence[str]:
                asked.append((host, at))
                return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.1"]

            egress = Egress(allow_private=True, resolve=resolve)
            url = f"http://shop.example:{port}/hooks"
            webhook = Sender(egress, url)
            assert await webhook() == 204
            return port

    port = asyncio.run(story())
    assert asked == [("shop.example", port)]


class Sender:
    """Posts something that the receiver can verify."""

    def __init__(self, egress: Egress, url: str) -> None:
        self.egress, self.url = egress, url

    async def __call__(self) -> int:
        body = b'{"data": {"viewer": "v1"}}'
        headers = headers_of(KEY, "m1", now_ms(), body)
        return (await self.egress.post(self.url, headers, body)).status


def test_a_redirect_is_an_answer_and_a_long_answer_is_cut_off() -> None:
    async def story() -> None:
        async with receivers() as other, receivers() as there:
            there.script += [said(302, location=other.url), said(200, "x" * 300_000)]
            egress = Egress(allow_private=True)
            assert await Sender(egress, there.url)() == 302
            body = b'{"data": {}}'
            answer = await egress.post(there.url, headers_of(KEY, "m2", now_ms(), body), body)
            assert len(answer.body) == MAX_ANSWER_BYTES
            assert not other.tries

    asyncio.run(story())


IMPOSSIBLE = {
    "ConnectionNotAvailable",  # between pool and connections only
    "ProxyError",  # there is none
    "UnsupportedProtocol",  # addresses are checked before
}
FAILURES = {
    name: one
    for name, one in vars(httpcore).items()
    if isinstance(one, type) and issubclass(one, Exception) and name not in IMPOSSIBLE
}


def test_the_failures_of_the_library_were_collected() -> None:
    assert {"ConnectError", "ReadTimeout", "RemoteProtocolError"} <= set(FAILURES)
    assert len(FAILURES) >= 12


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_of_the_library_is_one_of_ours(name: str) -> None:
    """A failure that is not mapped would stop the outbox."""

    async def fails(_host: str, _port: int) -> NoReturn:
        raise FAILURES[name]("no")

    with pytest.raises((NotSent, Unknown)) as told:
        post(Egress(resolve=fails), "https://shop.example/")
    is_before = name in ("ConnectError", "ConnectTimeout", "PoolTimeout")
    assert isinstance(told.value, NotSent) is is_before
