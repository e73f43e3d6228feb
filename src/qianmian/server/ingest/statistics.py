"""What each source has sent since the start, for the health page."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.server.ingest.decoding import Decoded

DELAYS_KEPT: Final = 1_024  # posts, one delay each


@dataclass(frozen=True, slots=True)
class SourceStatistics:
    """Counts of one source.

    Units: `delay_*` from event time to arrival, over the last 1,024 posts; instants in ms UTC.
    """

    name: str
    key_class: str
    first_at: int | None
    last_at: int | None
    posts: int
    events: int
    rejected: int
    delay_p50_ms: int | None
    delay_p95_ms: int | None
    rejected_by_code: dict[str, int]
    refused_by_code: dict[str, int]


@dataclass(slots=True)
class SourceCounters:
    """Counts as they grow."""

    key_class: str
    first_at: int | None = None
    last_at: int | None = None
    posts: int = 0
    events: int = 0
    rejected_by_code: Counter[str] = field(default_factory=Counter)
    refused_by_code: Counter[str] = field(default_factory=Counter)
    delays_ms: deque[int] = field(default_factory=lambda: deque(maxlen=DELAYS_KEPT))

    def note(self, decoded: Decoded, now: int) -> None:
        """Count a post that was answered event by event."""
        self.posts += 1
        self.events += decoded.accepted
        self.rejected_by_code.update(one.code for one in decoded.rejected)
        if decoded.problem is not None:
            self.rejected_by_code[decoded.problem.reason_code] += 1
        if decoded.batch is not None:
            self.first_at = now if self.first_at is None else self.first_at
            self.last_at = now
            self.delays_ms.append(_delay_ms(decoded.batch))

    def shown(self, name: str) -> SourceStatistics:
        """As they are now."""
        delays = np.array(self.delays_ms, np.int64)
        p50, p95 = np.percentile(delays, (50, 95)) if len(delays) else (None, None)
        return SourceStatistics(
            name,
            self.key_class,
            self.first_at,
            self.last_at,
            self.posts,
            self.events,
            self.rejected_by_code.total(),
            None if p50 is None else int(p50),
            None if p95 is None else int(p95),
            dict(self.rejected_by_code),
            dict(self.refused_by_code),
        )


def _delay_ms(batch: EventBatch) -> int:
    """How late a post was: the middle of its events."""
    return int(np.median(batch.clock - batch.event_time))


class LinkMemory:
    """Anonymous ids that were linked, the newest `bound` of them.

    It saves a second link, which the engine would refuse and count; what it forgets costs no more
    than that. At a restart it is filled from the state.
    """

    def __init__(self, bound: int = 1 << 18) -> None:
        self._bound = bound
        self._kept: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, anonymous_id: object) -> bool:
        return anonymous_id in self._kept

    def add(self, anonymous_id: str) -> None:
        """This id (without the prefix) is linked."""
        self._kept[anonymous_id] = None
        self._kept.move_to_end(anonymous_id)
        if len(self._kept) > self._bound:
            self._kept.popitem(last=False)
