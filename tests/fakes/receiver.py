"""A system of a shop that gives coupons, and every way in which it can go wrong.

It is a real server on a real socket. Each request is checked by the official verifier of Standard
Webhooks; a coupon is given once per `webhook-id`, and the answer is the next of a script.
"""

from __future__ import annotations

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from standardwebhooks import Webhook

from qianmian.channels.channel import Channel
from qianmian.channels.egress import Egress
from qianmian.channels.webhook import Webhook as WebhookChannel

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
TWICE = OK + OK
HANG = b"<never>"
CUT = b"HTTP/1.1 200 OK\r\ncontent-le"
REFUSED = tuple(f"HTTP/1.1 {status}".encode() for status in (302, 400, 408, 409, 410, 425, 429))


def said(status: int, body: str = "", **headers: str) -> bytes:
    """An answer, byte by byte."""
    lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body.encode())}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode()


@dataclass
class Receiver:
    """Gives coupons, then answers what the script says; after its end, that all is well.

    Attributes:
        script: answers as bytes; some statuses, and an errcode, say that nothing was given.
        coupons: how many each viewer has.
        tries: attempts by `webhook-id`.
        hung: somebody waits for an answer that never comes.
        given: the body that a coupon was given for, by `webhook-id`.
    """

    script: list[bytes] = field(default_factory=list)
    coupons: Counter[str] = field(default_factory=Counter)
    tries: Counter[str] = field(default_factory=Counter)
    given: dict[str, Any] = field(default_factory=dict)
    hanging: list[asyncio.StreamWriter] = field(default_factory=list)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    @property
    def reached(self) -> Counter[str]:
        """How often each name was given something."""
        given = (told["data"] for told in self.given.values())
        return Counter(told["title"][4] for told in given if "title" in told)

    def channel(self, timeout_ms: int) -> Channel:
        """Ours, over it."""
        egress = Egress(allow_private=True, timeout_ms=timeout_ms)
        return WebhookChannel(self.url, SECRET, egress, allow_private=True)

    def said(self, name: str, reply: bytes) -> bytes:
        """The answer to a name, of which the script says so much."""
        return reply

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            await self._answered(reader, writer)
        except asyncio.IncompleteReadError:  # whoever asks was in a hurry
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        told = Webhook(SECRET).verify(body, headers)
        name = headers["webhook-id"]
        self.tries[name] += 1
        reply = self.script.pop(0) if self.script else OK
        reply = self.said(name, reply)
        is_refused = reply.startswith(REFUSED) or b"errcode" in reply
        if not is_refused and name not in self.given:
            self.given[name] = told
            self.coupons[told["data"].get("viewer", "")] += 1
        if reply == HANG:
            self.hanging.append(writer)
            self.hung.set()
            return
        writer.write(reply)
        writer.close()


R = TypeVar("R", bound=Receiver)
ACTS = {
    "does": OK,
    "later": said(429),
    "refuses": said(400),
    "hangs": HANG,
    "cuts": CUT,
}


@asynccontextmanager
async def playing(acts: Iterable[str]) -> AsyncIterator[Receiver]:
    """A receiver that plays a script of acts."""
    async with receiving([ACTS[one] for one in acts]) as receiver:
        yield receiver


@asynccontextmanager
async def receiving(script: Iterable[bytes] = ()) -> AsyncIterator[Receiver]:
    """A receiver that listens until the block ends."""
    async with listening(Receiver(list(script))) as found:
        yield found


@asynccontextmanager
async def listening(found: R) -> AsyncIterator[R]:
    """It listens until the block ends."""
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/coupons"
    async with server:
        yield found
        for writer in found.hanging:
            writer.close()
        server.close()
