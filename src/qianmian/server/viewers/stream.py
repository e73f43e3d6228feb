"""`/live/*` over HTTP: the same as the WebSocket, where a network lets none through.

POST /live/ticket   {"token" or "anonymous_id", "room", "last"} -> {"ticket", "room", ...}
GET  /live/stream?ticket=…   server-sent events; the ticket is good once, for half a minute
POST /live/ack      {"token" or "anonymous_id", "room", "id", "state"}; state "opt_out", too

An EventSource cannot send headers, and a token has no place in an address: hence the ticket. A
client that reconnects by itself may tell `Last-Event-ID`; what came before it is not sent again.

Sources: HTML living standard, server-sent events.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from qianmian.errors import OperationalError
from qianmian.server.asgi import Receive, Scope, Send
from qianmian.server.ingest.buckets import address_group
from qianmian.server.ingest.wire import (
    Answer,
    ClientGone,
    Refusal,
    Request,
    preflight,
    read_body,
)
from qianmian.server.viewers.desk import ViewersDesk
from qianmian.server.viewers.door import Caller, Shown, ViewersDoor, welcome_of
from qianmian.server.viewers.hub import ViewersHub
from qianmian.server.viewers.line import Line, Sent
from qianmian.server.viewers.reasons import status_of
from qianmian.vocabulary.ids import MAX_ID_CHARS
from qianmian.vocabulary.room_message import State
from qianmian.vocabulary.time import SECOND_MS

T = TypeVar("T")
TICKET_MS: Final = 30 * SECOND_MS
MAX_TICKETS: Final = 10_000
MAX_BODY_BYTES: Final = 16_384
BODY_WAIT_MS: Final = 5 * SECOND_MS
KEEP_ALIVE_MS: Final = 15 * SECOND_MS  # proxies end what is silent for half a minute


class _Said(Shown, frozen=True, kw_only=True):
    id: Annotated[str, Meta(max_length=MAX_ID_CHARS)] = ""
    state: State | Literal["opt_out"]


@dataclass(frozen=True, slots=True)
class _Ticket:
    caller: Caller
    last: tuple[str, ...]
    until: int


class _Refused(Exception):
    """Somebody is sent away."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_Handler = Callable[[Scope, Receive], Awaitable[Answer]]


class LiveStream:
    """The HTTP application of viewers.

    Args:
        hub: the lines.
        door: who may have one.
        desk: what pages say.
        now: ms UTC.
        keep_alive_ms: how long a stream may be silent.
    """

    def __init__(
        self,
        hub: ViewersHub,
        door: ViewersDoor,
        desk: ViewersDesk,
        *,
        now: Callable[[], int],
        keep_alive_ms: int = KEEP_ALIVE_MS,
    ) -> None:
        self._hub = hub
        self._door = door
        self._desk = desk
        self._now = now
        self._keep_alive_ms = keep_alive_ms
        self._tickets: OrderedDict[str, _Ticket] = OrderedDict()
        self._posts: Mapping[str, _Handler] = {
            "/live/ticket": self._ticket,
            "/live/ack": self._ack,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request.of(scope)
        origin = request.headers.get(b"origin")
        try:
            if not self._door.lets_in(scope):
                origin = None  # a page that may not ask may not read why
                answer = self._refused("foreign_origin")
            elif request.method == "GET" and request.path == "/live/stream":
                await self._stream(scope, receive, send, origin)
                return
            else:
                answer = await self._answer(scope, request, receive)
        except ClientGone:
            return
        except Refusal as refusal:
            answer = refusal.answer()
        except _Refused as refused:
            answer = self._refused(refused.reason)
        await answer.send(send, origin=origin)

    def _refused(self, reason: str) -> Answer:
        return Answer(status_of(reason), {"code": self._hub.refuse(reason)})

    async def _answer(self, scope: Scope, request: Request, receive: Receive) -> Answer:
        handler = self._posts.get(request.path)
        if handler is None:
            return Answer(404, {"code": "not_found"})
        if request.method == "OPTIONS":
            return preflight()
        if request.method != "POST":
            return Answer(405, {"code": "wrong_method"})
        return await handler(scope, receive)

    async def _ticket(self, scope: Scope, receive: Receive) -> Answer:
        shown = _read(await _body(scope, receive), Shown)
        caller = self._caller(shown)
        now = self._now()
        while self._tickets and next(iter(self._tickets.values())).until <= now:
            self._tickets.popitem(last=False)
        if len(self._tickets) >= MAX_TICKETS:
            raise _Refused("too_many")
        name = secrets.token_urlsafe(24)
        self._tickets[name] = _Ticket(caller, tuple(shown.last), now + TICKET_MS)
        return Answer(200, {"ticket": name, "room": caller.room, "expires_at": caller.expires_at})

    async def _ack(self, scope: Scope, receive: Receive) -> Answer:
        said = _read(await _body(scope, receive), _Said)
        caller = self._caller(said)
        if said.state == "opt_out":
            try:
                await self._desk.opt_out(caller.viewer, caller.room, said.id)
            except OperationalError:
                raise _Refused("not_durable") from None
            return Answer(200, {"success": True})
        known = await self._hub.acknowledge(caller.viewer, caller.room, said.id, said.state)
        return Answer(200 if known else 404, {"success": known})

    def _caller(self, shown: Shown) -> Caller:
        caller = self._door.caller(shown)
        if isinstance(caller, str):
            raise _Refused(caller)
        return caller

    async def _stream(
        self, scope: Scope, receive: Receive, send: Send, origin: bytes | None
    ) -> None:
        request = Request.of(scope)
        ticket = self._tickets.pop(request.query.get("ticket", ""), None)
        if ticket is None or ticket.until <= self._now():
            raise _Refused("bad_token")
        caller = ticket.caller
        await self._hub.before_join(caller.viewer, caller.room)
        address = address_group(request.address)
        full = self._hub.why_full(caller.viewer, address)
        if full is not None:
            raise _Refused(full)
        line = Line(caller.viewer, caller.room, address, caller.expires_at)
        await send({"type": "http.response.start", "status": 200, "headers": _headers(origin)})
        after = request.headers.get(b"last-event-id", b"").decode("utf-8", "replace")
        self._hub.join(line, welcome_of(caller, self._now()), ticket.last, after)
        try:
            await line.run(self._send_all(line, send), _until_gone(receive))
        finally:
            self._hub.leave(line)

    async def _send_all(self, line: Line, send: Send) -> None:
        while line.closed_by is None:
            parts: list[bytes] = []
            try:
                async with asyncio.timeout(self._keep_alive_ms / SECOND_MS):
                    waiting = await line.take()
            except TimeoutError:
                waiting, parts = [], [b":\n\n"]
            for sent in waiting:
                if sent.expires_at and sent.expires_at <= self._now():
                    self._hub.expired()
                else:
                    parts.append(_event(sent))
            if parts:
                await _send_part(send, b"".join(parts), more=True)
        told = msgspec.json.encode({"type": "closed", "reason": line.closed_by})
        await _send_part(send, b"data: %b\n\n" % told, more=False)


def _event(sent: Sent) -> bytes:
    name = f"id: {sent.id}\n" if sent.id else ""
    return f"{name}data: {sent.text}\n\n".encode()


async def _send_part(send: Send, part: bytes, *, more: bool) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": more})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _body(scope: Scope, receive: Receive) -> bytes:
    request = Request.of(scope)
    return await read_body(request, receive, most_bytes=MAX_BODY_BYTES, timeout_ms=BODY_WAIT_MS)


def _headers(origin: bytes | None) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if origin is not None:
        headers += [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
    return headers


def _read(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.MsgspecError, RecursionError):
        raise _Refused("bad_frame") from None
