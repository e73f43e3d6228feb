"""`/ws`: the one WebSocket of a console tab, with topics inside it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from qianmian.server.asgi import Receive, Scope, Send, cookie, same_origin
from qianmian.server.hub import Hub, Tab

MAX_TEXT_CHARS: Final = 4_096
MAX_TOPICS: Final = 16
NOT_SIGNED_IN, FOREIGN_ORIGIN, STOPPING = 4401, 4403, 1012

_encode = msgspec.json.Encoder().encode


class Asked(msgspec.Struct, frozen=True):
    """What a tab may say."""

    op: str
    topic: str = ""
    after: int | None = None


class ConsoleSocket:
    """The WebSocket application.

    Args:
        hub: the topics.
        is_signed_in: whether a session cookie is valid now.
        cookie_name: of the session.
        now: ms UTC.
        refused: told why somebody was not let in, by a code of the problems of the interface.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        is_signed_in: Callable[[str | None], bool],
        cookie_name: str,
        now: Callable[[], int],
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._refused = refused
        self._hub = hub
        self._is_signed_in = is_signed_in
        self._cookie_name = cookie_name
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One tab, from its handshake to its end."""
        await receive()
        if not same_origin(scope):
            self._refused("session.origin")
            await _refuse(send, FOREIGN_ORIGIN)
            return
        session = cookie(scope, self._cookie_name)
        if not self._is_signed_in(session):
            self._refused("session.none")
            await _refuse(send, NOT_SIGNED_IN)
            return
        await send({"type": "websocket.accept"})
        tab = Tab()
        self._hub.tabs += 1
        sending = asyncio.create_task(_send_all(tab, send))
        try:
            await self._listen(tab, session, receive)
        finally:
            sending.cancel()
            self._hub.tabs -= 1
            self._hub.leave(tab)
            with contextlib.suppress(asyncio.CancelledError, RuntimeError, OSError):
                await sending

    async def _listen(self, tab: Tab, session: str | None, receive: Receive) -> None:
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text")
            if text is None or len(text) > MAX_TEXT_CHARS:
                tab.offer(_error("too_large", f"a message is text of at most {MAX_TEXT_CHARS}"))
                continue
            if not self._is_signed_in(session):
                tab.offer(_error("signed_out", "sign in again"))
                return
            await self._answer(tab, text)

    async def _answer(self, tab: Tab, text: str) -> None:
        try:
            asked = msgspec.json.decode(text, type=Asked)
        except (msgspec.MsgspecError, RecursionError) as problem:
            tab.offer(_error("unreadable", str(problem)))
            return
        if asked.op == "ping":
            tab.offer(_encode({"op": "pong", "at": self._now()}))
        elif asked.op == "unsubscribe":
            self._hub.unsubscribe(tab, asked.topic)
        elif asked.op != "subscribe":
            tab.offer(_error("unknown_op", "op is subscribe, unsubscribe or ping"))
        elif len(tab.topics) >= MAX_TOPICS and asked.topic not in tab.topics:
            tab.offer(_error("too_many", f"a tab has at most {MAX_TOPICS} topics"))
        else:
            refused = await self._hub.subscribe(tab, asked.topic, asked.after)
            if refused is not None:
                tab.offer(_error("no_topic", refused, topic=asked.topic))


async def _send_all(tab: Tab, send: Send) -> None:
    while True:
        message = await tab.queue.get()
        await send({"type": "websocket.send", "text": message.decode()})


async def _refuse(send: Send, code: int) -> None:
    """Accept and close at once: only so does a browser learn the code."""
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code})


def _error(code: str, detail: str, **more: Any) -> bytes:
    return _encode({"op": "error", "code": code, "detail": detail, **more})
