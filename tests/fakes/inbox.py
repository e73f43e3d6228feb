"""A small ingest that really listens: what senders are tested against."""

from __future__ import annotations

import base64
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec
import uvicorn

from qianmian.connectors.segment_calls import SegmentCalls
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.events import Sender
from qianmian.vocabulary.rejected import Rejected

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]

CLASS_BY_KEY: dict[str, Sender] = {"browser-key": "browser", "server-key": "server"}
BOUNDED_S = 20.0
_NATIVE = msgspec.json.Decoder(dict[str, Any])
_SEGMENT = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


@dataclass
class Inbox:
    """An ASGI application that takes events as ingest does, and keeps them.

    `next_answers` holds (status, headers) for the next posts, before it is itself again; status 0
    closes the connection without an answer. `takes` decides for each post, by its number from 1,
    whether there is room for it, and `reads` whether it can be read.
    """

    next_answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    takes: Callable[[int], bool] = lambda _number: True
    reads: Callable[[int], bool] = lambda _number: True
    rows: list[dict[str, Any]] = field(default_factory=list)
    bodies: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    posts: Counter[str] = field(default_factory=Counter)
    retries: list[str] = field(default_factory=list)
    _calls: SegmentCalls = field(default_factory=SegmentCalls)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.posts[scope["path"]] += 1
        if "x-retry-count" in headers:
            self.retries.append(headers["x-retry-count"])
        status, more, answer = self._answer(scope["path"], headers, body)
        if not status:
            return  # uvicorn closes the connection: nothing was answered
        sent = [(b"content-type", b"application/json")]
        sent += [(name.encode(), value.encode()) for name, value in more.items()]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": msgspec.json.encode(answer)})

    def _answer(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], dict[str, Any]]:
        if self.next_answers:
            status, more = self.next_answers.pop(0)
            return status, more, {"code": "told_to"}
        user = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
        sender = CLASS_BY_KEY.get(user.removesuffix(":"))
        if sender is None:
            return 401, {}, {"code": "unknown_key"}
        if not self.takes(self.posts.total()):
            return 429, {"retry-after": "1"}, {"code": "overloaded"}
        if not self.reads(self.posts.total()):
            return 413, {}, {"code": "body_too_large"}
        rejected = []
        accepted = 0
        for index, row in enumerate(self._rows_of(path, user, body)):
            taken = row if isinstance(row, Rejected) else self._canonical(row, sender)
            if isinstance(taken, Rejected):
                rejected.append({"index": index, "code": taken.reason_code})
            else:
                accepted += 1
                self.rows.append(taken)
        said = {"success": bool(accepted), "accepted": accepted, "rejected": rejected}
        return (200 if accepted else 400), {}, said

    def _rows_of(self, path: str, user: str, body: bytes) -> Iterator[dict[str, Any] | Rejected]:
        if path == "/v1/events":
            document = _NATIVE.decode(body)
            self.bodies.append((path, user, document))
            yield from document["events"]
            return
        document = _SEGMENT.decode(body)
        self.bodies.append((path, user, document))
        for call in document["batch"]:
            yield self._calls.translate(call, "1")

    def _canonical(self, row: dict[str, Any], sender: Sender) -> dict[str, Any] | Rejected:
        return canonical(row, arrival=row.get("event_time", 0), sender=sender)


class _Ready(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_listening.set()


@contextmanager
def listening(application: Application) -> Iterator[str]:
    """An application behind a real server on a port of its own; gives the address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application, log_level="critical", lifespan="off", ws="none")
        server = _Ready(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        assert server.is_listening.wait(BOUNDED_S)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(BOUNDED_S)
