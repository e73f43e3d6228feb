"""Pages of viewers before the viewers' side alone: no network, a clock by hand, a log in a list."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from qianmian.columns.batch import EventBatch
from qianmian.errors import LogUnavailable
from qianmian.runtime.refusals import Refusals
from qianmian.server.viewer_tokens import AnonymousIds, ViewerTokens
from qianmian.server.viewers.desk import ViewersDesk
from qianmian.server.viewers.door import ViewersDoor
from qianmian.server.viewers.hub import HubLimits, ViewersHub
from qianmian.server.viewers.socket import LiveSocket
from qianmian.server.viewers.stream import LiveStream
from qianmian.vocabulary.room_message import RoomMessage
from tests.fakes.clock import FakeClock

SECRET = b"s" * 32
WAIT_S = 10.0
HERE = "live.example"
SHOP = "https://shop.example"


@dataclass
class Heard:
    """What a page was told: frames, and the code of the close."""

    frames: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    reason: str = ""

    def ids(self) -> list[str]:
        return [one["id"] for one in self.frames if one["type"] == "message"]


class Page:
    """One socket. It reads at once, unless `reads` is cleared."""

    def __init__(self, app: Any, **headers: str) -> None:
        self.heard = Heard()
        self.reads = asyncio.Event()
        self.reads.set()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said.put_nowait({"type": "websocket.connect"})
        self._changed = asyncio.Condition()
        named = [(b"host", HERE.encode())]
        named += [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "websocket",
            "path": "/live",
            "headers": named,
            "client": ("192.0.2.7", 1),
        }
        self.task = asyncio.create_task(app(scope, self._said.get, self._hear))

    async def _hear(self, event: Any) -> None:
        await self.reads.wait()
        async with self._changed:
            if event["type"] == "websocket.send":
                self.heard.frames.append(json.loads(event["text"]))
            elif event["type"] == "websocket.close":
                self.heard.code, self.heard.reason = event["code"], event["reason"]
                self._said.put_nowait({"type": "websocket.disconnect"})
            self._changed.notify_all()

    def say(self, told: Any) -> None:
        text = told if isinstance(told, str) else json.dumps(told)
        self._said.put_nowait({"type": "websocket.receive", "text": text})

    def go(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect"})

    async def until(self, holds: Callable[[Heard], bool]) -> Heard:
        async with asyncio.timeout(WAIT_S), self._changed:
            await self._changed.wait_for(lambda: holds(self.heard))
        return self.heard

    async def ended(self) -> Heard:
        async with asyncio.timeout(WAIT_S):
            await self.task
        return self.heard


class Side:
    """The viewers' side of a server."""

    def __init__(self, *, limits: HubLimits | None = None, hello_wait_ms: int = 5_000) -> None:
        self.clock = FakeClock()
        self.rows: list[dict[str, Any]] = []
        self.is_broken = False
        self.tokens = ViewerTokens(SECRET, self.clock)
        self.anonymous_ids = AnonymousIds(SECRET)
        self.erased = Refusals(SECRET, "default")
        self.hub = ViewersHub(self.clock, limits)
        self.desk = ViewersDesk(self.submit, self.clock, self.erased, self.hub.forget)
        self.hub.on_receipt = self.desk.note
        door = ViewersDoor(
            self.tokens,
            self.anonymous_ids,
            lambda: {"default": ""},
            erased=self.erased,
            origins=(SHOP,),
        )
        self.socket = LiveSocket(
            self.hub, door, self.desk, now=self.clock, hello_wait_ms=hello_wait_ms
        )
        self.stream = LiveStream(self.hub, door, self.desk, now=self.clock)

    async def submit(self, batch: EventBatch) -> None:
        if self.is_broken:
            raise LogUnavailable
        self.rows += batch.to_rows()

    def token(self, viewer: str = "ming", room: str | None = "r1", **more: Any) -> str:
        return self.tokens.mint(viewer, namespace="default", room=room, **more)[0]

    def open(self, hello: Any = None, **headers: str) -> Page:
        page = Page(self.socket, **headers)
        if hello is not None:
            page.say({"type": "hello", "v": 1, **hello} if isinstance(hello, dict) else hello)
        return page

    async def entered(self, viewer: str = "ming", room: str = "r1", **hello: Any) -> Page:
        """A page that was welcomed."""
        page = self.open({"token": self.token(viewer, room), **hello})
        await page.until(lambda heard: bool(heard.frames))
        return page

    def card(self, name: str = "m1", viewer: str | None = "ming", **more: Any) -> RoomMessage:
        now = self.clock()
        told: dict[str, Any] = {
            "room": "r1",
            "kind": "card",
            "at": now,
            "expires_at": now + 60_000,
            "title": "券",
        }
        return RoomMessage(id=name, viewer=viewer, **(told | more))


async def turn() -> None:
    """Whatever else is ready runs once."""
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(done.set_result, None)
    await done


def run(story: Callable[[], Awaitable[None]]) -> None:
    """A story, bounded."""

    async def bounded() -> None:
        async with asyncio.timeout(6 * WAIT_S):
            await story()

    asyncio.run(bounded())
