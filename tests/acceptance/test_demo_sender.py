"""The process that simulates the viewers of the demonstration, as its parent sees it."""

from __future__ import annotations

import asyncio

import pytest

from qianmian.cli.demo_sender import Order, SenderProcess, World
from qianmian.errors import InputError, OperationalError
from tests.fakes.inbox import Inbox, listening
from tests.serving import now_ms


def order(url: str, seconds: float | None, *, key: str = "server-key") -> Order:
    return Order(url, "browser-key", key, now_ms(), seconds)


def test_it_sends_what_happens_now_and_tells_what_became_of_it() -> None:
    inbox = Inbox()
    with listening(inbox) as url, SenderProcess(World(3, 300, now_ms())) as sender:
        found = asyncio.run(sender.send(order(url, 1.0)))
    assert found.sent > 10
    assert (found.accepted, found.rejected, found.lost) == (found.sent, 0, 0)
    assert len(inbox.rows) == found.sent


def test_it_ends_when_its_parent_has_gone() -> None:
    inbox = Inbox()

    async def gone(url: str, sender: SenderProcess) -> None:
        sending = asyncio.create_task(sender.send(order(url, None)))
        while sender.last.sent is None or not sender.last.sent.accepted:
            await asyncio.wait([sending], timeout=0.1)
        with sender:
            pass  # leaving waits for its end
        with pytest.raises((OperationalError, ValueError)):
            await sending

    with listening(inbox) as url:
        asyncio.run(gone(url, SenderProcess(World(3, 300, now_ms()))))


def test_a_server_that_refuses_the_key_ends_it_with_a_reason() -> None:
    with (
        listening(Inbox()) as url,
        SenderProcess(World(3, 300, now_ms())) as sender,
        pytest.raises(InputError, match="check the address and the write key"),
    ):
        asyncio.run(sender.send(order(url, 5.0, key="nobody")))
