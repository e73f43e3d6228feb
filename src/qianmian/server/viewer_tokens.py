"""Signed words about who a viewer is: tokens that a shop's server asks for, and anonymous ids.

Both are checked without looking anything up. A viewer token is a JWT (HS256) with the claims
`namespace`, `viewer`, `room` (optional), `iat` and `exp`, at most 15 minutes apart; it is meant
for the pages and sockets of viewers and for nothing else (`aud`). An issued anonymous id is 16
random bytes and 12 bytes of their HMAC; it is an id like any other and never expires.

Sources: RFC 7519 (JWT); RFC 2104 (HMAC).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jwt

from qianmian.errors import InputError
from qianmian.vocabulary.ids import check_namespace, viewer_problem
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS
from qianmian.vocabulary.values import MAX_STRING_CHARS

MAX_TTL_MS: Final = 15 * MINUTE_MS
LEEWAY_MS: Final = 5 * SECOND_MS  # two machines of one shop never agree to the second
MAX_TOKEN_CHARS: Final = 2_048
AUDIENCE: Final = "qianmian-viewer"
ISSUED_PREFIX: Final = "qa1."
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ViewerClaims:
    """What a token says. `room` None: any room. Units: `expires_at` in ms UTC."""

    namespace: str
    viewer: str
    room: str | None
    expires_at: int


class ViewerTokens:
    """Mints and reads the tokens of one deployment.

    `secret` has at least 32 random bytes and is used for nothing but this module.
    """

    def __init__(self, secret: bytes, clock: Callable[[], int]) -> None:
        self._key = _derived(secret, b"viewer-token")
        self._clock = clock

    def mint(
        self,
        viewer: str,
        *,
        namespace: str,
        room: str | None = None,
        ttl_ms: int = MAX_TTL_MS,
    ) -> tuple[str, int]:
        """A token for a viewer, and when it expires (ms UTC).

        Raises: InputError for an id that no viewer can have, or a time to live that is not from
            1 second to 15 minutes.
        """
        check_namespace(namespace)
        problem = viewer_problem(viewer)
        if problem is not None:
            raise InputError(f"the viewer id cannot be used ({problem})")
        if not SECOND_MS <= ttl_ms <= MAX_TTL_MS:
            raise InputError(f"ttl_ms is {ttl_ms}; it must be from 1000 to {MAX_TTL_MS}")
        now_seconds = self._clock() // SECOND_MS
        expires_at_seconds = now_seconds + ttl_ms // SECOND_MS
        claims: dict[str, object] = {
            "aud": AUDIENCE,
            "namespace": namespace,
            "viewer": viewer,
            "iat": now_seconds,
            "exp": expires_at_seconds,
        }
        if room:
            claims["room"] = room
        return jwt.encode(claims, self._key, algorithm="HS256"), expires_at_seconds * SECOND_MS

    def read(self, token: str) -> ViewerClaims | None:
        """What a token says, if it is ours, whole and not expired; else None."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=AUDIENCE,
                # Times are judged below, by the clock that was given.
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return self._judged(claims)

    def _judged(self, claims: dict[str, object]) -> ViewerClaims | None:
        namespace, viewer, room = (claims.get(name) for name in ("namespace", "viewer", "room"))
        issued, expires = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(expires) is not int:
            return None
        if not isinstance(namespace, str) or not isinstance(viewer, str) or viewer_problem(viewer):
            return None
        if room is not None and (not isinstance(room, str) or len(room) > MAX_STRING_CHARS):
            return None
        lives_ms = (expires - issued) * SECOND_MS
        now = self._clock()
        is_young = issued * SECOND_MS <= now + LEEWAY_MS
        is_live = now < expires * SECOND_MS + LEEWAY_MS
        if not (0 < lives_ms <= MAX_TTL_MS and is_young and is_live):
            return None
        return ViewerClaims(namespace, viewer, room, expires * SECOND_MS)


class AnonymousIds:
    """Issues anonymous ids and knows its own again, by the same secret as the tokens."""

    def __init__(self, secret: bytes) -> None:
        self._key = _derived(secret, b"anonymous-id")

    def issue(self, namespace: str) -> str:
        """A new anonymous id of this namespace, 43 characters."""
        body = _text(secrets.token_bytes(16))
        return f"{ISSUED_PREFIX}{body}.{self._mark(namespace, body)}"

    def is_issued(self, anonymous_id: str, namespace: str) -> bool:
        """Whether this deployment issued that id for that namespace."""
        if not anonymous_id.startswith(ISSUED_PREFIX) or not anonymous_id.isascii():
            return False
        body, _, mark = anonymous_id.removeprefix(ISSUED_PREFIX).partition(".")
        return hmac.compare_digest(mark, self._mark(namespace, body))

    def _mark(self, namespace: str, body: str) -> str:
        told = f"{namespace}\x1f{body}".encode()
        return _text(hmac.digest(self._key, told, "sha256")[:12])


def _derived(secret: bytes, purpose: bytes) -> bytes:
    """A key for one purpose, so that a word signed for one is none for the other.

    Raises: InputError for a secret shorter than 32 bytes.
    """
    if len(secret) < _SECRET_BYTES:
        raise InputError(f"the secret has {len(secret)} bytes; it must have {_SECRET_BYTES}")
    return hmac.new(secret, b"qianmian:" + purpose, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
