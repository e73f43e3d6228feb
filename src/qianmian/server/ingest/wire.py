"""The HTTP side of ingest: reading a bounded body, and writing an answer, in plain ASGI.

An answer that refuses has `code` and `message` (what Segment's SDKs read) beside `success`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from qianmian.server.asgi import Receive, Scope, Send
from qianmian.server.ingest.codes import STATUS_BY_CODE
from qianmian.vocabulary.time import SECOND_MS

Header = tuple[bytes, bytes]

_ALLOWED_HEADERS: Final = (
    b"authorization, content-type, content-encoding, x-retry-count, x-viewer-token, x-write-key"
)
_MAX_QUERY_FIELDS: Final = 16


class ClientGone(Exception):
    """The sender closed the connection before its body was complete: nobody waits for an answer."""


class Refusal(Exception):
    """A post that is refused as a whole, with what its sender should do.

    Units: `retry_after_ms` rounds up to the seconds of the header.
    """

    def __init__(self, code: str, message: str, *, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_ms = retry_after_ms

    def answer(self) -> Answer:
        """As it goes out."""
        status = STATUS_BY_CODE[self.code]
        headers: list[Header] = []
        if self.retry_after_ms is not None:
            seconds = -(-max(self.retry_after_ms, 1) // SECOND_MS)
            headers.append((b"retry-after", b"%d" % seconds))
        if status == STATUS_BY_CODE["unknown_key"]:
            headers.append((b"www-authenticate", b'Basic realm="write key"'))
        body = {"success": False, "accepted": 0, "code": self.code, "message": self.message}
        return Answer(status, body, headers)


@dataclass(slots=True)
class Answer:
    """A status and a JSON body (bytes are sent as they are)."""

    status: int
    body: object = field(default_factory=dict)
    headers: list[Header] = field(default_factory=list)
    content: bytes = b"application/json"

    async def send(self, send: Send, *, origin: bytes | None = None) -> None:
        """Send it; a page of another origin may read it."""
        raw = self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)
        headers: list[Header] = [
            (b"content-type", self.content),
            (b"content-length", b"%d" % len(raw)),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            *self.headers,
        ]
        if origin is not None:
            headers += [
                (b"access-control-allow-origin", origin),
                (b"access-control-expose-headers", b"retry-after"),
                (b"vary", b"origin"),
            ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})


def preflight() -> Answer:
    """The answer to OPTIONS: which key it is about is not known yet, so any page may ask."""
    return Answer(
        204,
        b"",
        [
            (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", b"7200"),
        ],
    )


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a request that ingest looks at."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    query: dict[str, str]
    address: str
    scheme: str

    @classmethod
    def of(cls, scope: Scope) -> Request:
        """From an ASGI scope. Of repeated headers the first counts."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(bytes(name).lower(), bytes(value))
        client = scope.get("client")
        return cls(
            scope["method"],
            scope["path"],
            headers,
            _query(scope.get("query_string", b"")),
            str(client[0]) if client else "",
            str(scope.get("scheme", "http")),
        )

    def text(self, name: bytes) -> str:
        """A header as text; "" when it is absent."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def content_type(self) -> str:
        """Without parameters, in small letters."""
        return self.text(b"content-type").partition(";")[0].strip().lower()


def _query(raw: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(raw.decode("latin-1"), max_num_fields=_MAX_QUERY_FIELDS))
    except ValueError:  # too many fields: nobody of ours sends them
        return {}


async def read_body(
    request: Request, receive: Receive, *, most_bytes: int, timeout_ms: int
) -> bytes:
    """The whole body, inflated.

    Raises: Refusal when it is larger than `most_bytes` (as sent or inflated), is not what its
        encoding says, or does not come in time; ClientGone when the sender has left.
    """
    encoding = request.text(b"content-encoding").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise Refusal("bad_encoding", "the content encoding is gzip or none")
    announced = request.text(b"content-length")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > most_bytes:
        raise _large(most_bytes)
    try:
        async with asyncio.timeout(timeout_ms / SECOND_MS):
            body = await _received(receive, most_bytes)
    except TimeoutError as exc:
        raise Refusal("slow_body", f"the body took longer than {timeout_ms} ms") from exc
    return inflated(body, most_bytes) if encoding == "gzip" else body


async def _received(receive: Receive, most_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        part = message.get("body", b"")
        size += len(part)
        if size > most_bytes:
            raise _large(most_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def inflated(body: bytes, most_bytes: int) -> bytes:
    """A gzip body, unfolded no further than the bound.

    Raises: Refusal when it is larger, broken, or followed by something else.
    """
    unfold = zlib.decompressobj(wbits=31)  # gzip header and checksum
    try:
        plain = unfold.decompress(body, most_bytes + 1)
    except zlib.error as exc:
        raise Refusal("bad_encoding", "the body is not gzip") from exc
    if len(plain) > most_bytes:
        raise _large(most_bytes)
    if not unfold.eof or unfold.unused_data:
        raise Refusal("bad_encoding", "the gzip body is cut off, or something follows it")
    return plain


def _large(most_bytes: int) -> Refusal:
    return Refusal(
        "body_too_large", f"the body is larger than {most_bytes} bytes; send it in parts"
    )


def first_of(values: Iterable[str]) -> str:
    """The first that is not empty, else ""."""
    return next((value for value in values if value), "")
