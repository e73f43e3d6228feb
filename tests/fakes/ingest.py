"""What ingest is given in tests: sources in memory, a log that can fail, letters in a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch
from qianmian.runtime.dead_letters import DeadLetter
from qianmian.runtime.sources import Source


class FakeSources:
    """Sources by write keys that are given in the open; `failure`: why they cannot be read."""

    def __init__(self, by_key: dict[str, Source]) -> None:
        self.keys = dict(by_key)
        self.failure: Exception | None = None

    def by_key(self, write_key: str) -> Source | None:
        if self.failure is not None:
            raise self.failure
        return self.keys.get(write_key)

    def by_name(self, name: str) -> Source | None:
        found = [source for source in self.keys.values() if source.name == name]
        return replace(found[0], key_id="") if found else None


class FakeLog:
    """Keeps every batch; raises what `failures` holds, one per call, before it takes any."""

    def __init__(self) -> None:
        self.batches: list[EventBatch] = []
        self.failures: list[BaseException] = []

    async def submit(self, batch: EventBatch) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(batch)

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [row for batch in self.batches for row in batch.to_rows()]


class FakeLetters:
    """Dead letters in memory."""

    def __init__(self) -> None:
        self.kept: dict[int, DeadLetter] = {}
        self._last = 0

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            self._last += 1
            self.kept[self._last] = replace(letter, id=self._last)

    def newest(self, *, before: int | None = None, limit: int = 50) -> list[DeadLetter]:
        below = [one for one in self.kept.values() if before is None or one.id < before]
        return sorted(below, key=lambda one: -one.id)[:limit]

    def get(self, letter_id: int) -> DeadLetter | None:
        return self.kept.get(letter_id)

    def remove(self, letter_id: int) -> bool:
        return self.kept.pop(letter_id, None) is not None

    def forget(self, ids: Sequence[str]) -> int:
        held = [n for n, one in self.kept.items() if any(i.encode() in one.body for i in ids)]
        for number in held:
            del self.kept[number]
        return len(held)

    def count(self) -> int:
        return len(self.kept)


def classify(texts: Iterable[str]) -> npt.NDArray[Any]:
    """Class 1 for every text with a question mark."""
    return np.array([int("?" in text) for text in texts], np.int64)
