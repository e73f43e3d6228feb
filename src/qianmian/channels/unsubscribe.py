"""Signed links by which whoever got a letter says no, without a sign-in.

A link is for one viewer, one channel and one namespace, works for ever, and can do nothing else.

Sources: RFC 8058 (one-click unsubscription); RFC 2104 (HMAC).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

PATH: Final = "/unsubscribe/"
MAX_TOKEN_CHARS: Final = 1_024
_MARK_BYTES: Final = 16


class Unsubscribe:
    """Makes and reads them, for one deployment.

    Args:
        secret: random bytes, at least 32; links get a key of their own.
    """

    def __init__(self, secret: bytes, namespace: str) -> None:
        self._key = hmac.digest(secret, b"qianmian:unsubscribe", "sha256")
        self._namespace = namespace

    def token(self, viewer: str, channel: str) -> str:
        """What a link ends with."""
        said = f"{channel}\x1f{viewer}".encode()
        return base64.urlsafe_b64encode(self._mark(said) + said).rstrip(b"=").decode()

    def read(self, token: str) -> tuple[str, str] | None:
        """Viewer and channel of a token of ours; None: it is none."""
        if len(token) > MAX_TOKEN_CHARS or not token.isascii():
            return None
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        mark, said = raw[:_MARK_BYTES], raw[_MARK_BYTES:]
        if not hmac.compare_digest(mark, self._mark(said)):
            return None
        channel, _, viewer = said.decode().partition("\x1f")
        return viewer, channel

    def _mark(self, said: bytes) -> bytes:
        told = self._namespace.encode() + b"\x1f" + said
        return hmac.digest(self._key, told, "sha256")[:_MARK_BYTES]
