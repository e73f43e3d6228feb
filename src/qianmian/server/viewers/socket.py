"""`/live`: the WebSocket of a viewer's page.

    page -> {"type": "hello", "v": 1, "token" or "anonymous_id", "room", "last": [ids]}   first
    page <- {"type": "welcome", "v": 1, "room", "viewer", "now", "expires_at"}
    page <- {"type": "message", ...RoomMessage}
    page <- {"type": "withdrawn", "id"}
    page -> {"type": "ack", "id", "state"}
    page -> {"type": "token", "token"}          before the old one expires
    page -> {"type": "opt_out", "id"}           "no personal offers any more"
    page <- {"type": "opted_out"}               it is in the log

Who is not let in is told by the code of the close: `CLOSE_CODES`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from qianmian.errors import OperationalError
from qianmian.server.asgi import Receive, Scope, Send
from qianmian.server.ingest.buckets import address_group
from qianmian.server.viewers.desk import ViewersDesk
from qianmian.server.viewers.door import VERSION, Shown, ViewersDoor, welcome_of
from qianmian.server.viewers.hub import ViewersHub
from qianmian.server.viewers.line import Line, Sent
from qianmian.server.viewers.reasons import CLOSE_CODES
from qianmian.vocabulary.ids import MAX_ID_CHARS
from qianmian.vocabulary.room_message import State
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

MAX_FRAME_CHARS: Final = 8_192  # a token has at most 2,048, and 64 ids of 128
MAX_FRAMES_A_MINUTE: Final = 120
HELLO_WAIT_MS: Final = 5 * SECOND_MS
OPTED_OUT: Final = '{"type":"opted_out"}'
MAX_WAITING: Final = 2_000  # sockets that have not said who they are


class _Ack(msgspec.Struct, frozen=True, tag="ack"):
    id: Annotated[str, Meta(max_length=MAX_ID_CHARS)]
    state: State


class _Token(msgspec.Struct, frozen=True, tag="token"):
    token: str


class _OptOut(msgspec.Struct, frozen=True, tag="opt_out"):
    id: Annotated[str, Meta(max_length=MAX_ID_CHARS)] = ""


class _Hello(Shown, frozen=True, kw_only=True, tag="hello"):
    v: int = VERSION


_HELLO: Final = msgspec.json.Decoder(_Hello)
_SAID: Final = msgspec.json.Decoder(_Ack | _Token | _OptOut)


class _Ended(Exception):
    """The page has gone, or is sent away for `why`."""

    def __init__(self, why: str | None = None) -> None:
        super().__init__(why)
        self.why = why


class LiveSocket:
    """The WebSocket application of viewers.

    Args:
        hub: the lines.
        door: who may have one.
        desk: what pages say.
        now: ms UTC.
        hello_wait_ms: how long a page may take to say who it is.
    """

    def __init__(
        self,
        hub: ViewersHub,
        door: ViewersDoor,
        desk: ViewersDesk,
        *,
        now: Callable[[], int],
        hello_wait_ms: int = HELLO_WAIT_MS,
    ) -> None:
        self._hub = hub
        self._door = door
        self._desk = desk
        self._now = now
        self._hello_wait_ms = hello_wait_ms
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One page, from its handshake to its end."""
        await receive()
        await send({"type": "websocket.accept"})
        try:
            line, welcome, seen = await self._admitted(scope, receive)
        except _Ended as ended:
            if ended.why is not None:
                await _close(send, self._hub.refuse(ended.why))
            return
        self._hub.join(line, welcome, seen)
        try:
            await line.run(self._send_all(line, send), self._listen(line, receive))
        except _Ended as ended:
            if ended.why is not None:
                await _close(send, self._hub.refuse(ended.why))
        finally:
            self._hub.leave(line)

    # -- the first frame

    async def _admitted(self, scope: Scope, receive: Receive) -> tuple[Line, str, list[str]]:
        if not self._door.lets_in(scope):
            raise _Ended("foreign_origin")
        if self._waiting >= MAX_WAITING:
            raise _Ended("too_many")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._hello_wait_ms / SECOND_MS):
                text = await _text(receive)
        except TimeoutError:
            raise _Ended("no_hello") from None
        finally:
            self._waiting -= 1
        try:
            hello = _HELLO.decode(text)
        except (msgspec.MsgspecError, RecursionError):
            raise _Ended("bad_frame") from None
        caller = self._door.caller(hello)
        if isinstance(caller, str):
            raise _Ended(caller)
        await self._hub.before_join(caller.viewer, caller.room)
        client = scope.get("client")
        address = address_group(str(client[0])) if client else ""
        full = self._hub.why_full(caller.viewer, address)
        if full is not None:
            raise _Ended(full)
        line = Line(caller.viewer, caller.room, address, caller.expires_at)
        return line, welcome_of(caller, self._now()), hello.last

    # -- every other frame

    async def _listen(self, line: Line, receive: Receive) -> None:
        """Until the page goes or is sent away.

        Raises: _Ended
        """
        minute, frames = self._now() // MINUTE_MS, 0
        while True:
            text = await _text(receive)
            now = self._now() // MINUTE_MS
            minute, frames = (minute, frames + 1) if now == minute else (now, 1)
            if frames > MAX_FRAMES_A_MINUTE:
                raise _Ended("too_many_frames")
            try:
                said = _SAID.decode(text)
            except (msgspec.MsgspecError, RecursionError):
                raise _Ended("bad_frame") from None
            if isinstance(said, _Ack):
                await self._hub.acknowledge(line.viewer, line.room, said.id, said.state)
            elif isinstance(said, _OptOut):
                await self._opt_out(line, said.id)
            else:
                self._renew(line, said.token)

    async def _opt_out(self, line: Line, message_id: str) -> None:
        """It is told when it holds; a page that is not told says it again."""
        try:
            await self._desk.opt_out(line.viewer, line.room, message_id)
        except OperationalError:
            raise _Ended("not_durable") from None
        line.offer(Sent("", OPTED_OUT))

    def _renew(self, line: Line, token: str) -> None:
        """The same viewer in the same room, for longer."""
        caller = self._door.caller(Shown(token=token, room=line.room))
        if isinstance(caller, str):
            raise _Ended(caller)
        if caller.viewer != line.viewer:
            raise _Ended("foreign_viewer")
        line.expires_at = caller.expires_at

    async def _send_all(self, line: Line, send: Send) -> None:
        while True:
            for sent in await line.take():
                if sent.expires_at and sent.expires_at <= self._now():
                    self._hub.expired()
                else:
                    await send({"type": "websocket.send", "text": sent.text})
            if line.closed_by is not None:
                await _close(send, line.closed_by)
                return


async def _text(receive: Receive) -> str:
    """The next frame.

    Raises: _Ended when there is none, or when it is no text of a bearable length.
    """
    event = await receive()
    if event["type"] == "websocket.disconnect":
        raise _Ended
    text = event.get("text")
    if not isinstance(text, str) or len(text) > MAX_FRAME_CHARS:
        raise _Ended("bad_frame")
    return text


async def _close(send: Send, why: str) -> None:
    with contextlib.suppress(RuntimeError, OSError):  # the page was faster
        await send({"type": "websocket.close", "code": CLOSE_CODES[why], "reason": why})
