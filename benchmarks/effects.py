"""What a strategy changed, beside SQL over files: `python -m benchmarks.effects [SESSIONS]`.

Files of history are written once (`benchmarks/evenings.py`; 200 sessions are 50 M events and 10 M
decisions). Then the effect is asked for: by a reader that has never read them, by a new one that
finds what the first kept, by that again, and after each of two sessions more.

The partner is what a data scientist with the same files would write: one statement of DuckDB that
links ids, finds everybody's first decision, and counts who ordered within the time after it, by
arm. It tells these counts alone: no intervals, money, refunds, sessions or checks, and it knows
simple links only, which are all that these files have. Its counts must be equal.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import duckdb

from benchmarks.evenings import WINDOW_MS, Evenings, write_evenings
from benchmarks.machine import machine_row
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.storage.history_reader.effects import effect_in_history
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.history_schema import DECISIONS, EVENTS
from qianmian.strategies.strategy import Goal, Step, Strategy

SESSIONS: Final = 200
COUPON: Final = Strategy(
    key="coupon",
    steps=(Step("in_room", title="给你的券", body="现在用正好"),),
    moment="hesitation",
    goal=Goal("order_paid", WINDOW_MS),
)
PLAIN: Final = """
WITH link AS (
  SELECT DISTINCT viewer AS own, linked_viewer AS known FROM read_parquet($events)
  WHERE type = 'identity_linked'
), ours AS (
  SELECT coalesce(l.known, d.viewer) AS person, d.at AS began, d.outcome = 'act' AS treated
  FROM read_parquet($decisions) AS d LEFT JOIN link AS l ON l.own = d.viewer
  WHERE d.strategy = 'coupon' AND d.version = 1 AND d.outcome IN ('act', 'held_out')
), first AS (
  SELECT person, min(began) AS began, arg_min(treated, began) AS treated FROM ours GROUP BY person
), paid AS (
  SELECT coalesce(l.known, e.viewer) AS person, e.event_time AS happened
  FROM read_parquet($events) AS e LEFT JOIN link AS l ON l.own = e.viewer
  WHERE e.type = 'order_paid' AND e.outcome IN ('accepted', 'late')
), reached AS (
  SELECT DISTINCT f.person FROM first AS f JOIN paid AS p ON p.person = f.person
  WHERE p.happened > f.began AND p.happened <= f.began + $window
)
SELECT treated, count(*), count(r.person) FROM first AS f LEFT JOIN reached AS r USING (person)
WHERE f.began + $window <= (SELECT max(clock) FROM read_parquet($events)) GROUP BY treated
"""


def shop_of(sessions: int) -> Evenings:
    """250,000 events and 50,000 decisions a session, of 25,000 viewers."""
    return Evenings(10_000 * sessions, 25_000, sessions, 250_000 * sessions, 50_000 * sessions)


def timed(name: str, reader: HistoryReader) -> StrategyEffect:
    """Ask, and print how long it took."""
    began, used = perf_counter(), process_time()
    found = effect_in_history(reader, COUPON, "CNY")
    print(f"{name}: {perf_counter() - began:.2f} s, {process_time() - used:.2f} s of processors")
    return found


def counts_by_sql(folder: Path) -> dict[bool, tuple[int, int]]:
    """People and those of them who ordered, by whether they were treated."""
    files = {
        name: [str(path) for path in sorted((folder / kind).glob("*.parquet"))]
        for name, kind in (("events", EVENTS), ("decisions", DECISIONS))
    }
    plain = duckdb.connect(":memory:", config={"threads": 2, "memory_limit": "6144MiB"})
    began, used = perf_counter(), process_time()
    rows = plain.execute(PLAIN, {**files, "window": WINDOW_MS}).fetchall()
    print(f"SQL: {perf_counter() - began:.2f} s, {process_time() - used:.2f} s of processors")
    return {bool(treated): (n, reached) for treated, n, reached in rows}


def check_same(found: StrategyEffect, told: dict[bool, tuple[int, int]]) -> None:
    """Raises: AssertionError when the counts are not those of the SQL."""
    primary = found.effect.primary
    assert primary is not None
    arms = {True: primary.treated, False: primary.control}
    mine = {treated: (one.n, one.with_outcome) for treated, one in arms.items()}
    if mine != told:
        raise AssertionError((mine, told))


def main(arguments: Sequence[str]) -> None:
    """Write the files and print how long each question took."""
    sessions = int(arguments[0]) if arguments else SESSIONS
    shop = shop_of(sessions)
    print(machine_row().name, machine_row().baseline or "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        size = write_evenings(folder, shop)
        print(f"{shop.events:,} events, {shop.decisions:,} decisions, {size / 1e6:,.0f} MB")
        first = HistoryReader(folder)
        timed("never read before", first)
        first.close()
        reader = HistoryReader(folder)
        timed("from what was kept", reader)
        timed("again", reader)
        for more in range(2):
            write_evenings(folder, shop, first=sessions + more, last=sessions + more + 1)
            found = timed("after a session more", reader)
        check_same(found, counts_by_sql(folder))
        reader.close()


if __name__ == "__main__":
    main(sys.argv[1:])
