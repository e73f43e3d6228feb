"""A past for a log: rows with the instants of their sending become messages with those clocks.

What a server would have written had it been there: the same decoding, a message per half second,
a tick where nothing was sent. A demonstration begins with it, so that timers armed in the past come
due while somebody watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from qianmian.columns.batch import EventBatch
from qianmian.columns.joining import one_message
from qianmian.runtime.messages import Body, Events, Tick
from qianmian.runtime.ports import Advance, Log
from qianmian.runtime.sources import Source
from qianmian.runtime.text_marks import Classify, mark_texts
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.rejected import Rejected

STEP_MS = 500
COMMIT_MESSAGES = 600

Sent = tuple[int, Mapping[str, Any]]
SourceOf = Callable[[Mapping[str, Any]], Source]


@dataclass(slots=True)
class Past:
    """What was written."""

    events: int = 0
    rejected: int = 0


def write_past(
    log: Log,
    sent: Iterable[Sent],
    source_of: SourceOf,
    classify: Classify,
    *,
    first: Iterable[Body],
    from_ms: int,
    until_ms: int,
    advance: Advance,
) -> Past:
    """Write everything that was sent at from_ms <= at < until_ms, and what came first.

    Args:
        log: its last clock is at most from_ms.
        sent: (instant of sending, the event as a client sends it), in order.
        source_of: the sender of an event.
        first: messages at `from_ms`: catalog, definitions, facts.
        advance: told (ms written, ms in all).
    """
    past = Past()
    begin = list(first)
    if begin:
        log.append(from_ms, begin)
    clock = from_ms
    for step, rows in groupby(sent, lambda one: one[0] // STEP_MS):
        at = (step + 1) * STEP_MS
        while clock + STEP_MS < at:
            clock += STEP_MS
            log.append(clock, [Tick()])
        decoded = list(_decoded(rows, source_of, past))
        clock = at
        if decoded:
            batch = EventBatch.from_rows({**row, "message": 0} for row in decoded)
            mark_texts(batch, classify)
            message = one_message([batch], clock=at, message=log.next_offset)
            log.append(at, [Events(message)])
        if log.next_offset % COMMIT_MESSAGES == 0:
            log.commit()
            advance(at - from_ms, until_ms - from_ms)
    log.commit()
    advance(1, 1)
    return past


def _decoded(rows: Iterable[Sent], source_of: SourceOf, past: Past) -> Iterator[dict[str, Any]]:
    for at, row in rows:
        source = source_of(row)
        found = canonical(
            row, arrival=at, sender=source.key_class, default_room=source.default_room
        )
        past.events += 1
        if isinstance(found, Rejected):
            past.rejected += 1
            continue
        found["clock"] = (at // STEP_MS + 1) * STEP_MS
        found["source"] = source.name
        if not source.presence:
            found["presence_none"] = 1
        yield found
