"""Replay of a recorded file: what its viewers did, moment by moment, on the clock of the file.

Rules (docs/semantics.md, "Replay of files"): rows sorted by event time, ties in row order, or as
they arrived with the running maximum as the clock; the clock ends at the last event unless told to
stop earlier or to run on; whole rows that repeat are duplicates where the format has no ids;
nothing depends on the number of shards or on how rows are grouped into batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from qianmian.columns.batch import MISSING, Int32, Int64, UInt8
from qianmian.language.definition import Definition
from qianmian.runtime.ports import ACCEPTED, DUPLICATE, LATE, REFUSED, Advance, Engine, ignored
from qianmian.runtime.recorded import Bool, Recorded, Recorder
from qianmian.runtime.source import Recording, RejectedRow
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME
from qianmian.vocabulary.firing import Firing, digest

BATCH_ROWS = 16_384
_ORDER_PAID = CODE_BY_NAME["order_paid"]


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """How a file is replayed.

    `until_ms`: stop at this instant, or let the clock run on to it; None = end with the last event.
    """

    as_arrived: bool = False
    until_ms: int | None = None
    batch_rows: int = BATCH_ROWS


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """The counts of a replay; `events` = accepted + duplicates + late + rejected.

    Units: gmv_minor in minor units of `currency`: paid, verified orders, before refunds.
    """

    events: int
    accepted: int
    duplicates: int
    late: int
    rejected: int
    by_type: dict[str, int]
    viewers: int
    sessions: int
    visits: int
    gmv_minor: int
    currency: str | None
    firings_by_moment: dict[str, int]
    digest: str


@dataclass(slots=True)
class Replayed:
    """A finished replay: the counts, and what they were counted from.

    `outcome[i]` is what became of row i of `recorded`, or UNREAD beyond `until`; `clock[i]` is the
    clock of its message. `overflow` counts what bounds of the semantics made the engine forget.
    """

    result: ReplayResult
    recorded: Recorded
    outcome: UInt8
    clock: Int64
    firings: list[Firing]
    rejected: list[RejectedRow]
    clock_start_ms: int | None = None
    clock_end_ms: int | None = None
    orders_without_amount: int = 0
    orders_in_other_currency: int = 0
    overflow: int = 0
    rejected_by_reason: Counter[str] = field(default_factory=Counter)

    @property
    def is_accepted(self) -> Bool:
        """Which rows counted."""
        return np.equal(self.outcome, ACCEPTED)


UNREAD = 255
MAX_REJECTED_KEPT = 1_000  # the report shows a few; the counts are exact


def replay(
    recording: Recording,
    recorder: Recorder,
    engine: Engine,
    definitions: Sequence[Definition],
    options: ReplayOptions,
    *,
    on_read: Advance = ignored,
    on_run: Advance = ignored,
) -> Replayed:
    """Read the whole file, run it through the engine, and count.

    Args:
        recording: the file, opened in its format.
        recorder: an empty one.
        engine: a new one with `definitions`.
        definitions: the active ones; each moment among them is counted, also when it never fired.
        options: order and end.
        on_read: told (bytes read, bytes in all).
        on_run: told (events run, events in all).

    Raises: InputError when the file cannot be read.
    """
    rejected: list[RejectedRow] = []
    reasons: Counter[str] = Counter()
    for chunk in recording.chunks():
        recorder.add(chunk)
        reasons.update(row.reason for row in chunk.rejected)
        rejected.extend(chunk.rejected[: MAX_REJECTED_KEPT - len(rejected)])
        on_read(chunk.bytes_read, recording.size_bytes)
    recorded = recorder.recorded()
    rows, clock = _arranged(recorded, options)
    outcome = np.full(len(recorded), UNREAD, np.uint8)
    repeats = recorded.repeats(rows)
    outcome[rows[repeats]] = DUPLICATE
    firings = _run(recorded, engine, rows[~repeats], clock[~repeats], outcome, options, on_run)
    end = int(clock[-1]) if len(clock) else None
    if options.until_ms is not None:
        end = options.until_ms
    if end is not None:
        firings += engine.finish(end)
    firings.sort(key=lambda firing: firing.order)
    replayed = Replayed(
        result=_counted(
            recorded, outcome, recording.currency, firings, definitions, reasons.total()
        ),
        recorded=recorded,
        outcome=outcome,
        clock=_by_row(recorded, rows, clock),
        firings=firings,
        rejected=rejected,
        clock_start_ms=int(clock[0]) if len(clock) else None,
        clock_end_ms=end,
        rejected_by_reason=reasons,
        overflow=engine.statistics().overflow,
    )
    _count_unpriced(replayed)
    return replayed


def _arranged(recorded: Recorded, options: ReplayOptions) -> tuple[Int64, Int64]:
    """The rows in the order of their clocks, and those clocks."""
    if options.as_arrived:
        rows = np.arange(len(recorded), dtype=np.int64)
        clock = np.maximum.accumulate(recorded.event_time) if len(recorded) else recorded.event_time
    else:
        rows = np.argsort(recorded.event_time, kind="stable")
        clock = recorded.event_time[rows]
    if options.until_ms is not None:
        kept = int(np.searchsorted(clock, options.until_ms, side="right"))
        rows, clock = rows[:kept], clock[:kept]
    return rows, clock


def _by_row(recorded: Recorded, rows: Int64, clock: Int64) -> Int64:
    by_row = recorded.event_time.copy()
    by_row[rows] = clock
    return by_row


def _run(
    recorded: Recorded,
    engine: Engine,
    rows: Int64,
    clock: Int64,
    outcome: UInt8,
    options: ReplayOptions,
    on_run: Advance,
) -> list[Firing]:
    firings: list[Firing] = []
    for start in range(0, len(rows), options.batch_rows):
        some = rows[start : start + options.batch_rows]
        batch = recorded.batch(some, clock[start : start + len(some)], first_message=start)
        firings += engine.run(batch)
        outcome[some] = engine.outcomes
        on_run(start + len(some), len(rows))
    return firings


def _counted(
    recorded: Recorded,
    outcome: UInt8,
    currency: str | None,
    firings: Sequence[Firing],
    definitions: Sequence[Definition],
    unreadable: int,
) -> ReplayResult:
    accepted = outcome == ACCEPTED
    refused = int((outcome == REFUSED).sum())
    counts = np.bincount(recorded.type[accepted], minlength=len(CATALOG))
    viewer = recorded.string("viewer").codes[accepted]
    visit = recorded.string("visit").codes[accepted]
    has_viewer = viewer >= 0
    currency = currency or _currency_of(recorded, accepted)
    fired = Counter(firing.moment for firing in firings)
    return ReplayResult(
        events=int((outcome != UNREAD).sum()) + unreadable,
        accepted=int(accepted.sum()),
        duplicates=int((outcome == DUPLICATE).sum()),
        late=int((outcome == LATE).sum()),
        rejected=unreadable + refused,
        by_type={CATALOG[code].name: int(counts[code]) for code in np.flatnonzero(counts)},
        viewers=len(np.unique(viewer[has_viewer])),
        sessions=len(np.unique(recorded.string("room").codes[accepted])),
        visits=_count_visits(
            viewer[has_viewer], visit[has_viewer], recorded.string("visit").values
        ),
        gmv_minor=_gmv_minor(recorded, accepted, currency),
        currency=currency,
        firings_by_moment={
            d.key: fired[d.key]
            for d in sorted(definitions, key=lambda d: d.key)
            if d.kind == "moment"
        },
        digest=digest(firings),
    )


def _count_visits(viewer: Int32, visit: Int32, values: Sequence[str]) -> int:
    """Distinct (viewer, visit); an absent visit and an empty one are the same."""
    if "" in values:
        visit = np.where(visit == values.index(""), -1, visit)
    return len(np.unique(np.stack([viewer, visit]), axis=1).T) if len(viewer) else 0


def is_paid(recorded: Recorded, accepted: Bool) -> Bool:
    """Which rows are verified paid orders that count."""
    paid = np.equal(recorded.type, _ORDER_PAID) & np.equal(recorded.number("verified"), 1)
    return np.logical_and(paid, accepted)


def in_currency(recorded: Recorded, currency: str | None) -> Bool:
    """Which rows have amounts in this currency; one that names none has that of the file."""
    column = recorded.string("currency")
    place = column.values.index(currency) if currency in column.values else -1
    return np.logical_or(np.equal(column.codes, place), np.less(column.codes, 0))


def _gmv_minor(recorded: Recorded, accepted: Bool, currency: str | None) -> int:
    amount = recorded.number("amount")
    counted = is_paid(recorded, accepted) & in_currency(recorded, currency) & (amount != MISSING)
    return sum(amount[counted].tolist())  # Python ints: a hostile file cannot overflow the sum


def _currency_of(recorded: Recorded, accepted: Bool) -> str | None:
    """The currency of most paid orders, else of most rows; None when no row names one."""
    column = recorded.string("currency")
    for chosen in (is_paid(recorded, accepted), accepted):
        codes = column.codes[chosen]
        codes = codes[codes >= 0]
        if len(codes):
            return column.values[int(np.bincount(codes).argmax())]
    return None


def _count_unpriced(replayed: Replayed) -> None:
    recorded = replayed.recorded
    paid = is_paid(recorded, replayed.is_accepted)
    known = in_currency(recorded, replayed.result.currency)
    replayed.orders_without_amount = int((paid & (recorded.number("amount") == MISSING)).sum())
    replayed.orders_in_other_currency = int((paid & ~known).sum())
