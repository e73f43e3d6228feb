"""Posts to the ingest application without a network."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from qianmian.runtime.sources import Source
from qianmian.server.ingest.app import IngestApp
from qianmian.server.ingest.decoding import RejectedEvent
from qianmian.server.ingest.limits import Limits
from tests.fakes.ingest import FakeLetters, FakeLog, FakeSources, classify

NOW = 1_795_000_000_000
UUID = "0b9d4c1e-3f0a-4b7e-9a55-6d2f0f6f2f11"
BROWSER, SERVER, CONNECTOR = "key-of-browser", "key-of-server", "key-of-connector"


def sources() -> dict[str, Source]:
    """One source of each class, in one room."""
    return {
        BROWSER: Source("site", "browser", default_room="r1", key_id="b1"),
        SERVER: Source("shop", "server", default_room="r1", key_id="s1"),
        CONNECTOR: Source("platform", "connector", default_room="r1", key_id="c1"),
    }


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Ingest:
    """The application with fakes around it."""

    keys: dict[str, Source] = field(default_factory=sources)
    limits: Limits = field(default_factory=Limits)
    now: int = NOW

    def __post_init__(self) -> None:
        self.log, self.letters = FakeLog(), FakeLetters()
        self.sources = FakeSources(self.keys)
        self.app = IngestApp(
            sources=self.sources,
            submit=self.log.submit,
            dead_letters=self.letters,
            clock=lambda: self.now,
            classify=classify,
            secret=b"s" * 32,
            limits=self.limits,
        )

    def send(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        *,
        headers: dict[str, str] | None = None,
        query: str = "",
        address: str = "203.0.113.7",
    ) -> Reply:
        """One request; the parts of the body arrive one by one."""
        parts = [body] if isinstance(body, bytes) else list(body)
        return asyncio.run(self._send(method, path, parts, headers or {}, query, address))

    async def _send(
        self,
        method: str,
        path: str,
        parts: list[bytes],
        headers: dict[str, str],
        query: str,
        address: str,
    ) -> Reply:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
            "client": (address, 1234),
            "scheme": "https",
        }
        waiting, sent = list(parts), []

        async def receive() -> dict[str, Any]:
            if not waiting:
                return {"type": "http.disconnect"}
            part = waiting.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(waiting)}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        told = {k.decode(): v.decode("latin-1") for k, v in sent[0]["headers"]}
        return Reply(sent[0]["status"], told, sent[1]["body"])

    def replay(self, letter_id: int) -> tuple[int, list[RejectedEvent]] | None:
        """Replay a dead letter."""
        return asyncio.run(self.app.replay(letter_id))

    def post(
        self,
        path: str,
        body: object,
        *,
        key: str | None = SERVER,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Reply:
        """A post with Basic credentials; what is not bytes is sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json"} | basic(key) | (headers or {})
        return self.send("POST", path, raw, headers=given, **more)


def basic(key: str | None) -> dict[str, str]:
    """The header of HTTP Basic with the key as the name."""
    if key is None:
        return {}
    return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def track(event: object = "Product Viewed", **more: Any) -> dict[str, Any]:
    """A Segment call that is fine."""
    call: dict[str, Any] = {
        "type": "track",
        "event": event,
        "messageId": "m1",
        "userId": "u1",
        "timestamp": "2026-11-18T11:06:00.000Z",
        "properties": {"product_id": "p1"},
    }
    return call | more
