"""JPush, as far as a shop sees it, and every way in which it can go wrong.

It gives out keys (`cid`) and pushes once for each; its own client speaks with it in
`tests/unit/channels/test_jpush.py`.
"""

from __future__ import annotations

import asyncio
import base64
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from qianmian.channels.channel import Channel
from qianmian.channels.egress import Egress
from qianmian.channels.jpush import JPush
from qianmian.locales.texts import Texts
from tests.fakes.receiver import CUT, HANG, said

KEY, SECRET = "7d431e42dfa6a6d693ac2d04", "5e987ac6d2e04d95a9d8f0d1"
MARK = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()


def refused(status: int, code: int, **headers: str) -> bytes:
    return said(status, f'{{"error": {{"code": {code}, "message": "no"}}}}', **headers)


ANSWERS = {
    "later": refused(429, 2002, x_rate_limit_reset="7"),
    "refuses": refused(400, 1011),
    "fails": refused(503, 1030),
    "hangs": HANG,
    "cuts": CUT,
}


@dataclass
class PushServer:
    """Plays a script, one act for each push; after its end it pushes all.

    Attributes:
        pushed: what phones showed, by key.
        keys: those that were given out.
    """

    script: list[str] = field(default_factory=list)
    pushed: dict[str, Any] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def reached(self) -> Counter[str]:
        """How often each name was pushed."""
        return Counter(name for told in self.pushed.values() for name in _names(told))

    def channel(self, timeout_ms: int) -> Channel:
        """Ours, over it."""

        async def phone(viewer: str) -> str:
            return f"phone-{viewer}"

        egress = Egress(allow_private=True, timeout_ms=timeout_ms)
        texts = Texts("zh-CN", "channels")
        return JPush(self.url, (KEY, SECRET), texts, egress, phone, allow_private=True)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1] if length else 0))
        except asyncio.IncompleteReadError:  # whoever asks was in a hurry
            writer.close()
            return
        reply = self._reply(head, body)
        if reply == HANG:
            self.hanging.append(writer)
            self.hung.set()
            return
        # Their client keeps connections, and would ask again on one that is about to be closed.
        writer.write(reply.replace(b"\r\n", b"\r\nconnection: close\r\n", 1))
        writer.close()

    def _reply(self, head: str, body: bytes) -> bytes:
        method, path, _ = head.split(" ", 2)
        if f"Basic {MARK}" not in head:
            return refused(401, 1004)
        if method == "GET" and path.startswith("/v3/push/cid?"):
            self.keys.append(f"{KEY}-{len(self.keys)}")
            return said(200, msgspec.json.encode({"cidlist": self.keys[-1:]}).decode())
        told = msgspec.json.decode(body)
        self.asked.append(told)
        act = self.script.pop(0) if self.script else "does"
        is_push = path == "/v3/push"
        if is_push:
            self.tries.update(_names(told))
        if act not in ("does", "fails", "hangs", "cuts"):
            return ANSWERS[act]
        key = told.get("cid", f"none-{len(self.asked)}")
        if is_push:
            self.pushed.setdefault(key, told)
        number = list(self.pushed).index(key) if is_push else 0
        done = said(200, f'{{"sendno": "0", "msg_id": "{number}"}}')
        return ANSWERS.get(act, done)


def _names(told: Any) -> list[str]:
    return re.findall(r"for ([a-h])\.", told["notification"].get("android", {}).get("title", ""))


@asynccontextmanager
async def playing(acts: Iterable[str]) -> AsyncIterator[PushServer]:
    """A server that plays a script of acts."""
    found = PushServer(list(acts))
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
        for writer in found.hanging:
            writer.close()
        server.close()
