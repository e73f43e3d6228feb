"""A robot of a DingTalk group that checks signatures, and every way in which it can go wrong.

It answers as DingTalk does: 200 whatever happens, and an `errcode`; after 20 cards in a minute it
takes none for ten minutes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from qianmian.channels.channel import Channel
from qianmian.channels.dingtalk import DingTalk
from qianmian.channels.egress import Egress
from qianmian.locales.texts import Texts
from tests.fakes.receiver import CUT, HANG, said

TOKEN = "0123456789abcdef0123456789abcdef"
SECRET = "SECf00dfeedf00dfeedf00dfeed"
MINUTE_MS, TEN_MINUTES_MS = 60_000, 600_000
ANSWERS = {
    "does": said(200, '{"errcode": 0, "errmsg": "ok"}'),
    "later": said(200, '{"errcode": 130101, "errmsg": "send too fast"}'),
    "refuses": said(200, '{"errcode": 310000, "errmsg": "keywords not in content"}'),
    "busy": said(200, '{"errcode": -1, "errmsg": "system busy"}'),
    "fails": said(502, "bad gateway"),
    "hangs": HANG,
    "cuts": CUT,
}


@dataclass
class Robot:
    """Plays a script, one act for each card; after its end it shows all.

    Attributes:
        cards: those that the group saw: instant of the signature, and text.
    """

    script: list[str] = field(default_factory=list)
    cards: list[tuple[int, str]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    tries: Counter[str] = field(default_factory=Counter)
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    hanging: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0

    @property
    def reached(self) -> Counter[str]:
        """How often each name was spoken of."""
        return Counter(name for _, text in self.cards for name in _names(text))

    def channel(self, timeout_ms: int) -> Channel:
        """Ours, over it."""
        egress = Egress(allow_private=True, timeout_ms=timeout_ms)
        url = f"http://127.0.0.1:{self.port}/robot/send?access_token={TOKEN}"
        return DingTalk(url, SECRET, Texts("zh-CN", "channels"), egress, allow_private=True)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1] if length else 0))
        except asyncio.IncompleteReadError:  # whoever asks was in a hurry
            writer.close()
            return
        reply = self._reply(head.split(" ")[1], msgspec.json.decode(body))
        if reply == HANG:
            self.hanging.append(writer)
            self.hung.set()
            return
        writer.write(reply)
        writer.close()

    def _reply(self, path: str, told: Any) -> bytes:
        asked = parse_qs(urlsplit(path).query)
        at = int(asked["timestamp"][0])
        signed = f"{at}\n{SECRET}".encode()
        mark = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())
        if asked["sign"] != [mark.decode()] or asked["access_token"] != [TOKEN]:
            return said(200, '{"errcode": 310000, "errmsg": "sign not match"}')
        text = told["markdown"]["text"]
        self.tries.update(_names(text) or ["test"])
        act = self.script.pop(0) if self.script else "does"
        if sum(one > at - MINUTE_MS for one in self.asked) >= 20:
            act = "later"
        self.asked.append(at)
        if act in ("does", "hangs", "cuts", "fails"):
            self.cards.append((at, text))
        return ANSWERS[act]


def _names(text: str) -> list[str]:
    return re.findall(r"for ([a-h])\.", text)


@asynccontextmanager
async def playing(acts: Iterable[str]) -> AsyncIterator[Robot]:
    """A robot that plays a script of acts."""
    found = Robot(list(acts))
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
        for writer in found.hanging:
            writer.close()
        server.close()
