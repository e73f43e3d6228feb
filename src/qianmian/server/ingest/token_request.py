"""What a shop's server asks for when it wants a viewer token."""

from __future__ import annotations

import msgspec

from qianmian.errors import InputError
from qianmian.server.ingest.decoding import UNREADABLE
from qianmian.server.viewer_tokens import MAX_TTL_MS
from qianmian.vocabulary.values import MAX_STRING_CHARS


class TokenRequest(msgspec.Struct, frozen=True):
    """The body of `POST /v1/viewer-tokens`. Without a room the token holds for every room."""

    viewer: str
    room: str | None = None
    ttl_ms: int = MAX_TTL_MS


_DECODER = msgspec.json.Decoder(TokenRequest)


def read(body: bytes) -> TokenRequest:
    """The request in this body.

    Raises: InputError when it is none.
    """
    try:
        asked = _DECODER.decode(body)
    except UNREADABLE as exc:
        raise InputError(str(exc)) from exc
    if asked.room is not None and len(asked.room) > MAX_STRING_CHARS:
        raise InputError(f"room has more than {MAX_STRING_CHARS} characters")
    return asked
