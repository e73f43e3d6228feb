"""What became of the newest events of the log: definitions that are new are filled from it.

The events themselves stay in the log; here are only their outcomes at first arrival, because a
duplicate or a late event must not count when it is read again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import EventBatch, UInt8, concat
from qianmian.errors import InputError
from qianmian.runtime.messages import Events, Message
from qianmian.vocabulary.time import MINUTE_MS

KEPT_MS: Final = 2 * MINUTE_MS
SLACK_MS: Final = 10_000  # until the message that names a range is written, it must not shrink


@dataclass(frozen=True, slots=True)
class _Told:
    """One message of events: outcome by row, those that are not 0 (accepted) only."""

    offset: int
    clock: int
    outcome_of: dict[int, int]


@dataclass(slots=True)
class Tail:
    """The messages of events of the last `KEPT_MS`, with a little to spare.

    Cost: an entry per message, and one per event that was not accepted.
    """

    _told: deque[_Told] = field(default_factory=deque)

    def note(self, offset: int, clock: int, outcomes: UInt8) -> None:
        """The next message of events has been applied."""
        odd = np.flatnonzero(outcomes)
        found = dict(zip(odd.tolist(), outcomes[odd].tolist(), strict=True))
        self._told.append(_Told(offset, clock, found))
        while self._told[0].clock < clock - KEPT_MS - SLACK_MS:
            self._told.popleft()

    def range_at(self, clock: int) -> tuple[int, int] | None:
        """The instant and the first offset of what can be read at this clock; None: nothing."""
        since = clock - KEPT_MS
        for one in self._told:
            if one.clock >= since:
                return max(since, self._told[0].clock), one.offset
        return None

    def read(self, messages: Iterable[Message], since: int) -> tuple[EventBatch, UInt8]:
        """The events of these messages with a clock from `since` on, and their outcomes.

        Messages before what is kept are left out: a disk that was very slow to write the message
        that names the range must not stop those who apply it.

        Raises: InputError when one is missing between those that are kept.
        """
        known = {one.offset: one for one in self._told}
        first = min(known, default=0)
        batches, outcomes = [], []
        for message in messages:
            is_of_range = message.clock >= since and message.offset >= first
            if not isinstance(message.body, Events) or not is_of_range:
                continue
            told = known.get(message.offset)
            if told is None:
                raise InputError(
                    f"message {message.offset} is to be read again, but what became of its events"
                    " is not known any more"
                )
            found = np.zeros(len(message.body.batch), np.uint8)
            found[list(told.outcome_of)] = list(told.outcome_of.values())
            batches.append(message.body.batch)
            outcomes.append(found)
        if not batches:
            return EventBatch.from_rows([]), np.zeros(0, np.uint8)
        return concat(batches), np.concatenate(outcomes)

    def snapshot(self) -> list[list[Any]]:
        """Everything, as JSON."""
        return [[one.offset, one.clock, sorted(one.outcome_of.items())] for one in self._told]

    @classmethod
    def restored(cls, stored: Iterable[list[Any]]) -> Tail:
        """The opposite of `snapshot`."""
        return cls(deque(_Told(offset, clock, dict(odd)) for offset, clock, odd in stored))
