"""One small interface for every decoder: `decode(body, context) -> Decoded`.

A decoder turns the bytes of one post into one batch, in which every row has the same clock (its
arrival) and message; bad events come back as values with their position, and an unreadable body
as one `problem`. No body makes a decoder raise. Here is what all decoders share; the slow and
obviously right way from rows, which fast decoders are tested against.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from qianmian.columns.batch import EventBatch
from qianmian.runtime.refusals import Refusals
from qianmian.runtime.sources import Source
from qianmian.runtime.text_marks import Classify, mark_texts
from qianmian.server.ingest.identity import settle_identity
from qianmian.server.ingest.limits import SEGMENT_EVENT_BYTES, SEGMENT_EVENTS
from qianmian.server.viewer_tokens import AnonymousIds, ViewerClaims
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.ids import apart
from qianmian.vocabulary.rejected import Rejected

Row = dict[str, Any]

UNREADABLE: Final = (msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError)
"""What decoding JSON from outside can raise: broken text, numbers out of all bounds, depth."""

ERASED: Final = "erased"
"""The reason of events of an erased person; they are kept in no dead letter."""
OF_ERASED: Final = Rejected(ERASED, "this person was erased; nothing is taken of them any more")

MAX_DETAIL_CHARS: Final = 200
MAX_ID_SHOWN_CHARS: Final = 128


@dataclass(frozen=True, slots=True)
class DecodeContext:
    """What a decoder knows beside the body.

    Attributes:
        source: the sender, by its write key.
        arrival: ms UTC, by our clock.
        request: names the events of this post that have no id of their own.
        classify: text classes of what was written.
        anonymous_ids: knows the anonymous ids that were issued here.
        claims: of the viewer token, already checked; None without one.
        linked: anonymous ids that are known to be linked.
        erased: whose events are refused.
        event_bytes, events: limits.
    """

    source: Source
    arrival: int
    request: str
    classify: Classify
    anonymous_ids: AnonymousIds
    claims: ViewerClaims | None = None
    linked: Container[str] = frozenset()
    erased: Refusals | None = None
    event_bytes: int = SEGMENT_EVENT_BYTES
    events: int = SEGMENT_EVENTS


@dataclass(frozen=True, slots=True)
class LinkedOf:
    """The linked anonymous ids of a namespace, as its sources spell them."""

    links: Container[str]
    prefix: str

    def __contains__(self, client_id: object) -> bool:
        """Whether this id is linked."""
        return isinstance(client_id, str) and apart(client_id, self.prefix) in self.links


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """One event of a post that was not accepted. `raw` is the event as JSON, for a dead letter."""

    index: int
    message_id: str | None
    code: str
    detail: str
    raw: bytes = b""


Wrap = Callable[[Sequence[bytes]], bytes]
"""A body of the same route that holds these raw events and nothing else."""


@dataclass(slots=True)
class Decoded:
    """What a body became.

    Attributes:
        batch: the accepted events; None when there is none.
        accepted: how many events of the post were accepted (one may be two rows).
        rejected: the others, in order of their position.
        problem: why the body as a whole cannot be used; then nothing else is there.
        letter_route: the route whose decoder reads what `wrap` gives.
        wrap: makes the body of a dead letter.
    """

    batch: EventBatch | None = None
    accepted: int = 0
    rejected: list[RejectedEvent] = field(default_factory=list)
    problem: Rejected | None = None
    letter_route: str = ""
    wrap: Wrap = b"".join


Decode = Callable[[bytes, DecodeContext], Decoded]


class Rows:
    """Collects the events of one post as rows, each judged by the event table."""

    def __init__(self, context: DecodeContext) -> None:
        self._context = context
        self._rows: list[Row] = []
        self._accepted = 0
        self.rejected: list[RejectedEvent] = []

    def add(
        self, index: int, found: Row | Rejected, raw: bytes, *, also: Row | None = None
    ) -> None:
        """Add the event at this position of the post, or why there is none.

        `also` is a second row that the event means; it is added if the first is.
        """
        row = found if isinstance(found, Rejected) else self._judged(found, index)
        if isinstance(row, Rejected):
            given = None if isinstance(found, Rejected) else found.get("message_id")
            self.refuse(index, row, raw, given)
            return
        second = None if also is None else self._judged(also, index)
        self._rows.append(row)
        self._accepted += 1
        if second is not None and not isinstance(second, Rejected):
            self._rows.append(second)

    def refuse(self, index: int, why: Rejected, raw: bytes, message_id: object = None) -> None:
        """Note an event that cannot be accepted."""
        shown = message_id[:MAX_ID_SHOWN_CHARS] if isinstance(message_id, str) else None
        if is_of_erased(raw, self._context):
            why = OF_ERASED
        detail = why.detail[:MAX_DETAIL_CHARS]
        self.rejected.append(RejectedEvent(index, shown, why.reason_code, detail, raw))

    def keep_raw(self, raw: bytes) -> None:
        """The JSON of the event that was refused last, where the post had none."""
        self.rejected[-1] = replace(self.rejected[-1], raw=raw)
        if is_of_erased(raw, self._context):
            last, why = self.rejected[-1], OF_ERASED
            self.rejected[-1] = replace(last, code=why.reason_code, detail=why.detail)

    def decoded(self, letter_route: str, wrap: Wrap) -> Decoded:
        """Everything that was added, as one batch of one message."""
        batch = None
        if self._rows:
            batch = EventBatch.from_rows(self._rows)
            mark_texts(batch, self._context.classify)
        return Decoded(batch, self._accepted, self.rejected, None, letter_route, wrap)

    def _judged(self, raw: Row, index: int) -> Row | Rejected:
        context, source = self._context, self._context.source
        row = dict(raw)
        row.pop("source", None)  # who sent it is known by the key
        if self._may_send(row):
            problem = settle_identity(row, source, context.claims, context.anonymous_ids)
            if problem is not None:
                return problem
        judged = canonical(
            row,
            arrival=context.arrival,
            sender=source.key_class,
            default_room=source.default_room,
        )
        if isinstance(judged, Rejected):
            return judged
        erased = context.erased
        if erased is not None and erased.has_row(row.get("viewer"), row.get("anonymous_id")):
            return OF_ERASED
        judged["source"] = source.name
        judged["message"] = 0
        judged.setdefault("message_id", f"{context.request}.{index}")
        if not source.presence:
            judged["presence_none"] = 1
        return judged

    def _may_send(self, row: Row) -> bool:
        """Whether the class may send this type; if not, the event table says so better."""
        name = row.get("type")
        code = CODE_BY_NAME.get(name) if isinstance(name, str) else None
        return code is not None and self._context.source.key_class in CATALOG[code].senders


def is_of_erased(raw: bytes, context: DecodeContext) -> bool:
    """Whether somebody who was erased is named in an event, or is who sent it."""
    erased, claims = context.erased, context.claims
    if erased is None or not len(erased):
        return False
    prefix = context.source.prefix
    is_theirs = claims is not None and erased.has(apart(claims.viewer, prefix))
    return is_theirs or erased.in_json(raw, prefix)


def unreadable(code: str, detail: object) -> Decoded:
    """A body that cannot be used as a whole."""
    return Decoded(problem=Rejected(code, str(detail)[:MAX_DETAIL_CHARS]))


def why_unreadable(error: Exception) -> Rejected:
    """Why one event of a body could not be read as a JSON object."""
    is_json = isinstance(error, msgspec.ValidationError)
    return Rejected("not_an_object" if is_json else "bad_json", str(error))


def too_large(raw: bytes, context: DecodeContext) -> Rejected | None:
    """Whether one event is larger than an event can be."""
    if len(raw) <= context.event_bytes:
        return None
    return Rejected("too_large", f"{len(raw)} bytes; the most is {context.event_bytes} per event")
