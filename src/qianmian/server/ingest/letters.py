"""Dead letters of a post: what was rejected, by reason, in bodies that can be decoded again."""

from __future__ import annotations

from collections import defaultdict

from qianmian.runtime.dead_letters import DeadLetter
from qianmian.runtime.sources import Source
from qianmian.server.ingest.decoding import ERASED, Decoded, RejectedEvent
from qianmian.server.viewer_tokens import ViewerClaims

REDACTED = b"[write key]"


def letters_of(
    decoded: Decoded,
    source: Source,
    *,
    at: int,
    claims: ViewerClaims | None,
    route: str,
    body: bytes,
    write_key: str = "",
) -> list[DeadLetter]:
    """One letter per reason, or one with the whole body where it could not be read.

    The write key is cut out: a letter is shown to people.
    """
    viewer = None if claims is None else claims.viewer
    room = None if claims is None else claims.room
    if decoded.problem is not None:
        why, kept = decoded.problem, _without(body, write_key)
        code, detail = why.reason_code, why.detail
        return [DeadLetter(at, source.name, route, code, detail, 0, kept, viewer, room)]
    by_code: defaultdict[str, list[RejectedEvent]] = defaultdict(list)
    for one in decoded.rejected:
        if one.code in (ERASED, "sensitive"):
            continue  # a letter would keep what must not be kept
        by_code[one.code].append(one)
    return [
        DeadLetter(
            at,
            source.name,
            decoded.letter_route,
            code,
            events[0].detail,
            len(events),
            _without(decoded.wrap([_readable(one.raw) for one in events]), write_key),
            viewer,
            room,
        )
        for code, events in by_code.items()
    ]


def _readable(raw: bytes) -> bytes:
    """The event as it can stand in a JSON body: broken UTF-8 is replaced."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="replace").encode()
    return raw or b"{}"


def _without(body: bytes, write_key: str) -> bytes:
    return body.replace(write_key.encode(), REDACTED) if write_key else body
