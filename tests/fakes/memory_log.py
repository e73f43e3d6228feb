"""A log and a place for snapshots in memory: what is committed stays, what is not can be lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qianmian.errors import DiskFull, InputError
from qianmian.runtime.live import Kept
from qianmian.runtime.messages import Body, Message, decoded, encoded


class MemoryLog:
    """Keeps messages as bytes, so that what is read is what was written and not the same object.

    While `is_full`, every commit fails, as on a full disk.
    """

    def __init__(self) -> None:
        self._messages: list[tuple[int, int, bytes]] = []
        self.first_offset = 0
        self.durable_offset = 0
        self.is_full = False
        self.commits = 0

    @property
    def next_offset(self) -> int:
        return len(self._messages)

    @property
    def last_clock(self) -> int:
        return self._messages[-1][0] if self._messages else -1

    def append(self, clock_ms: int, bodies: Sequence[Body]) -> int:
        if clock_ms < self.last_clock:
            raise InputError("the clock goes back")
        first = self.next_offset
        for body in bodies:
            kind, data = encoded(body)
            self._messages.append((clock_ms, kind, bytes(data)))
        return first

    def commit(self) -> None:
        self.commits += 1
        if self.is_full:
            self.lose()
            raise DiskFull
        self.durable_offset = self.next_offset

    def lose(self) -> None:
        """The power goes."""
        del self._messages[self.durable_offset :]

    def read(self, from_offset: int, *, until: int | None = None) -> Iterator[Message]:
        stop = self.durable_offset if until is None else min(until, self.durable_offset)
        for offset in range(from_offset, stop):
            clock, kind, data = self._messages[offset]
            yield Message(offset, clock, decoded(kind, data, offset=offset))

    def close(self) -> None:
        self.commit()


class MemorySnapshots:
    """Keeps all snapshots; `newest` can be told to look no further than an offset."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    def save(self, kept: Kept) -> None:
        self.kept.append(kept)

    def newest(self) -> Kept | None:
        return self.kept[-1] if self.kept else None
