"""What strategies decided, read from the files of history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from qianmian.storage.history import History, hour_of
from qianmian.storage.history_schema import DECISIONS
from qianmian.vocabulary.decision import Decision

MOST: Final = 500


class Tally(NamedTuple):
    """How often a strategy decided what, for which reason; `reason` is "" for an act."""

    outcome: str
    reason: str
    is_rehearsal: bool


_OF_ROW: Final = tuple(
    one
    for one in Decision.__struct_fields__
    if one not in ("channels", "step", "after", "scheduled_at", "code")
)
Told = Mapping[str, Mapping[Tally, int]]
"""By strategy."""


def decided_since(history: History, since_ms: int) -> Told:
    """The counts of what was decided at `since_ms` or later and has been written.

    Later steps of a decision are not counted again.

    Raises: LogProblem when a file cannot be read; OSError when the folder cannot.
    Cost: one pass over the decisions of the hours since then.
    """
    names = ["strategy", "outcome", "reason", "is_rehearsal"]
    found: dict[str, Counter[Tally]] = {}
    for table in history.read(DECISIONS, from_hour=hour_of(since_ms)):
        late = table.filter(pc.greater_equal(table.column("at"), since_ms))
        if "after" in late.schema.names:  # older files have none
            late = late.filter(pc.equal(pc.coalesce(late.column("after"), ""), ""))
        plain = [_plain(late.column(name)) for name in names]
        counted = pa.table(plain, names=names).group_by(names).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            tally = Tally(row["outcome"], row["reason"] or "", row["is_rehearsal"])
            found.setdefault(row["strategy"], Counter())[tally] += row["count_all"]
    return found


def decisions_of(
    history: History,
    since_ms: int,
    *,
    viewers: Collection[str] | None = None,
    strategy: str | None = None,
    room: str | None = None,
    most: int = MOST,
) -> list[Decision]:
    """The newest decisions since an instant that have been written, newest first.

    Args:
        viewers, strategy, room: only of these.

    Raises, Cost: as `decided_since`.
    """
    wanted: list[tuple[str, Collection[str]]] = []
    wanted += [] if viewers is None else [("viewer", viewers)]
    wanted += [] if strategy is None else [("strategy", [strategy])]
    wanted += [] if room is None else [("room", [room])]
    parts = []
    for table in history.read(DECISIONS, from_hour=hour_of(since_ms)):
        kept = table.filter(pc.greater_equal(table.column("at"), since_ms))
        for name, values in wanted:
            held = pa.array(sorted(values), pa.string())
            kept = kept.filter(pc.is_in(_plain(kept.column(name)), value_set=held))
        parts.append(kept)
    rows = [row for part in parts for row in part.to_pylist()]
    rows.sort(key=lambda row: (row["at"], row["id"]), reverse=True)
    return [decision_of_row(row) for row in rows[:most]]


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    is_word = pa.types.is_dictionary(column.type)
    return column.cast(column.type.value_type) if is_word else column


def decision_of_row(row: Mapping[str, Any]) -> Decision:
    """The decision of a row of history; one that was written before there were steps has none.

    History does not say which code went with it.
    """
    told = {name: row[name] for name in _OF_ROW}
    return Decision(
        **told,
        channels=tuple(row["channels"].split()),
        step=row.get("step") or 0,
        after=row.get("after") or "",
        scheduled_at=row.get("scheduled_at") or 0,
    )
