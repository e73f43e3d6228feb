"""Where a write key stands in a request: Basic, Bearer, a header, the query, or the body."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Final

import msgspec

from qianmian.server.ingest.wire import Request

MAX_KEY_CHARS: Final = 256


class _InBody(msgspec.Struct):
    """What a body may say beside its events."""

    writeKey: str = ""  # noqa: N815  Segment's name
    viewerToken: str = ""  # noqa: N815
    viewer_token: str = ""


_BODY = msgspec.json.Decoder(_InBody)


def keys_of_headers(request: Request) -> Iterator[str]:
    """The write keys that a request shows outside its body."""
    scheme, _, credentials = request.text(b"authorization").partition(" ")
    if scheme.lower() == "basic":
        try:
            pair = base64.b64decode(credentials.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            pair = ""
        yield from _usable(pair.partition(":")[0])  # Segment: the key is the name, no password
    elif scheme.lower() == "bearer":
        yield from _usable(credentials.strip())
    yield from _usable(request.text(b"x-write-key"))


def keys_of_query(request: Request) -> Iterator[str]:
    """The write key in `?key=`, for senders that can set nothing but an address."""
    yield from _usable(request.query.get("key", ""))


def said_in_body(body: bytes) -> _InBody:
    """The write key and the viewer token of a JSON body; empty where there is none."""
    try:
        return _BODY.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _InBody()


def _usable(text: str) -> Iterator[str]:
    if 0 < len(text) <= MAX_KEY_CHARS:
        yield text
