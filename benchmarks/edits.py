"""A definition edited in the middle of a show: how long the core stops, and a backfill takes.

Seconds of processor time of one core. The edit is made ready in steps between calls of 2,000
events; a pause is what the change itself takes. Its partner is the same edit in one call. The
partner of a backfill is the plain Python engine with only the new definition over the same tail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ours import prepare
from benchmarks.partners import events_of, run_plain
from benchmarks.workload import Plan, make
from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.runtime.bench import BenchRow

CALL = 2_000
STEP = 10_000
RANGE_MS = 120_000
NEW = {
    "a list": "count(product_clicked) within 2m >= 3 and no order_paid this session",
    "an absence": "cart_added without order_paid within 2m on same product",
}


def edited(
    definitions: Sequence[Definition], plan: Plan, small: Plan, rounds: int
) -> Iterator[BenchRow]:
    """Pauses, whole edits and backfills at the full size, beside plain Python at the small."""
    live = _Live(definitions, plan)
    title = f"{plan.viewers:,} viewers, {len(definitions)} definitions"
    for what, text in NEW.items():
        new = parse_definition("new", text)
        found = [live.edit(new) for _ in range(rounds)]
        pauses, steps, longest, at_once = (list(one) for one in zip(*found, strict=True))
        yield BenchRow(
            f"edit, pause: {what}, {title}", median(pauses) * 1e3, "ms",
            baseline=f"in one call: {median(at_once) * 1e3:,.0f} ms, equal firings",
            ratio=median(at_once) / median(pauses), spread=_spread(pauses),
        )  # fmt: skip
        yield BenchRow(f"edit, longest step: {what}, {title}", max(longest) * 1e3, "ms")
        yield BenchRow(
            f"edit, made ready and changed: {what}, {title}",
            median(map(sum, zip(steps, pauses, strict=True))) * 1e3, "ms",
        )  # fmt: skip
        filled = [live.backfill(new) for _ in range(rounds)]
        yield BenchRow(
            f"backfill of 2 min, {live.rows_of_tail:,} rows: {what}, {title}",
            median(filled) * 1e3, "ms", spread=_spread(filled),
        )  # fmt: skip
    few = _Live(definitions, small)
    for what, text in NEW.items():
        yield few.beside_plain(parse_definition("new", text), what, rounds)


class _Live:
    """A core in the middle of an evening, with the tail of its log."""

    def __init__(self, definitions: Sequence[Definition], plan: Plan) -> None:
        self.definitions = list(definitions)
        self.core = Core(definitions, viewers=plan.viewers)
        batch = make(plan)
        self.rest_at = len(batch) * 9 // 10
        self.batch = batch
        self.outcomes: list[npt.NDArray[np.uint8]] = []
        self.at = 0
        while self.at < self.rest_at:
            self._run(100_000)

    def _run(self, size: int) -> None:
        stop = min(self.at + size, len(self.batch))
        if stop > self.at:
            self.core.run(self.batch.slice(self.at, stop))
            self.outcomes.append(self.core.outcomes.copy())
        self.at = stop

    def edit(self, new: Definition) -> tuple[float, float, float, float]:
        """Seconds of the pause, of all steps, of the longest step, and of the same in one call."""
        wanted = [*self.definitions, new]
        self.core.change(self.definitions, self.core.clock)
        twin = Core.restore(self.core.snapshot())
        began = process_time()
        edit = self.core.prepare(wanted)
        steps = [process_time() - began]
        left = 1
        while left:
            seconds, left = timed(lambda: edit.step(STEP))
            steps.append(seconds)
        first = self.at
        self._run(CALL)  # what happens between the last step and the change
        twin.run(self.batch.slice(first, self.at))
        pause, _ = timed(lambda: self.core.change(edit, self.core.clock))
        at_once, _ = timed(lambda: twin.change(wanted, twin.clock))
        later = self.core.clock + 1_000
        if self.core.advance(later) != twin.advance(later):
            raise AssertionError("an edit that was made ready fires differently")
        return pause, sum(steps), max(steps), at_once

    def tail(self) -> tuple[EventBatch, Any, int]:
        since = self.core.clock - RANGE_MS
        first = int(np.searchsorted(self.batch.clock[: self.at], since))
        return self.batch.slice(first, self.at), np.concatenate(self.outcomes)[first:], since

    @property
    def rows_of_tail(self) -> int:
        return len(self.tail()[0])

    def backfill(self, new: Definition) -> float:
        """Seconds of a backfill right after the edit."""
        self.core.change(self.definitions, self.core.clock)
        self.core.change([*self.definitions, new], self.core.clock)
        tail, outcomes, since = self.tail()
        clock = self.core.clock
        seconds, _ = timed(
            lambda: self.core.backfill(tail, outcomes, since_ms=since, clock_ms=clock)
        )
        return seconds

    def beside_plain(self, new: Definition, what: str, rounds: int) -> BenchRow:
        """A backfill here, and the same tail through plain Python, in turn."""
        tail, outcomes, _ = self.tail()
        accepted = tail.take(np.flatnonzero(outcomes == 0))
        columns = prepare([new], accepted)
        events = events_of(columns)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(self.backfill(new))
            theirs.append(run_plain(columns, events, 5_000)[0])
        ratios = [other / mine for mine, other in zip(ours, theirs, strict=True)]
        return BenchRow(
            f"backfill of {len(tail):,} rows: {what}, {len(self.core.names.viewers):,} viewers",
            median(ours) * 1e3, "ms",
            baseline=f"plain Python, only reading them: {median(theirs) * 1e3:,.0f} ms",
            ratio=median(ratios), spread=_spread(ratios),
        )  # fmt: skip


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of processor time of a call, and what it returned."""
    began = process_time()
    found = run()
    return process_time() - began, found


def _spread(values: Sequence[float]) -> float:
    return (max(values) - min(values)) / median(values)
