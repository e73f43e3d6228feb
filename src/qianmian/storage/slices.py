"""What happened in the slices of time of a strategy that reaches whole rooms.

An outcome is the event of its goal, told of the room, in the part of a slice that counts. Sessions
are compared from the pair of slices on in which the strategy first decided there: before it, there
was nothing that a slice could have held out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qianmian.experiments.population import Int64
from qianmian.experiments.sums import Float64
from qianmian.experiments.switchback import Pairs, Switchback, pairs_of, switchback_of
from qianmian.runtime.trial import Recorded
from qianmian.storage.history_rows import rows_where
from qianmian.storage.history_schema import DECISIONS, EVENTS
from qianmian.storage.recorded_sessions import recorded_sessions
from qianmian.strategies.slices import LEFT_OUT_MS, PAIR_MS, SLICE_MS, acts_first, is_room_wide
from qianmian.strategies.strategy import Strategy
from qianmian.vocabulary.decision import ACT, HELD_OUT
from qianmian.vocabulary.time import MINUTE_MS

MEASURED_MIN: Final = (SLICE_MS - LEFT_OUT_MS) / MINUTE_MS
"""Minutes of a slice that count."""
_COUNTED: Final = pa.array(["accepted", "late"])


@dataclass(frozen=True, slots=True)
class _Span:
    """Whole slices of a session that are compared: first <= slice < stop."""

    session: Recorded
    first: int
    stop: int


def switchback_in_history(history: Path, strategy: Strategy, shop: str) -> Switchback | None:
    """The effect of a version by slices; None: it has not decided about a whole room.

    Outcomes are events per minute. Events that name no room count in no slice.

    Args:
        shop: its name, the seed of the order of slices.

    Raises: LogProblem when a file cannot be read.
    Cost: one pass over the columns of decisions, rooms and events that it needs.
    """
    first = _first_decisions(history, strategy)
    if not first or not strategy.control:
        return None
    return switchback_of(_pairs(history, strategy, shop, first))


def _pairs(
    history: Path, strategy: Strategy, shop: str, first: dict[tuple[str, str], int]
) -> Pairs:
    spans = list(_spans(recorded_sessions(history), first))
    counts = [_counts(history, strategy.goal.event, one) for one in spans]
    session: list[int] = []
    slices: list[int] = []
    acts: list[bool] = []
    for number, one in enumerate(spans):
        place = one.session.room, one.session.session
        for each in range(one.first, one.stop):
            session.append(number)
            slices.append(each)
            acts.append(acts_first(shop, strategy.key, *place, each // 2))
    told: Int64 = np.array(slices, np.int64)
    return pairs_of(
        np.concatenate([np.zeros(0), *counts]) / MEASURED_MIN,
        np.array(session, np.int64),
        told // 2,
        told % 2 == 1,
        np.array(acts, np.bool_),
    )


def _first_decisions(history: Path, strategy: Strategy) -> dict[tuple[str, str], int]:
    """When the version first decided about a room as a whole, by room and session."""
    names = ["at", "version", "viewer", "room", "session", "outcome", "is_rehearsal", "after"]
    where = pc.field("strategy") == strategy.key
    rows = rows_where(history, DECISIONS, names, where)
    wanted = pc.and_(
        pc.equal(rows["version"], strategy.version),
        pc.is_in(rows["outcome"], value_set=pa.array([ACT, HELD_OUT])),
    )
    wanted = pc.and_(wanted, pc.invert(pc.fill_null(rows["is_rehearsal"], fill_value=False)))
    wanted = pc.and_(wanted, pc.equal(pc.fill_null(rows["after"], ""), ""))
    if not is_room_wide(strategy, ""):
        wanted = pc.and_(wanted, pc.is_null(rows["viewer"]))
    grouped = rows.filter(wanted).group_by(["room", "session"]).aggregate([("at", "min")])
    told: list[dict[str, Any]] = grouped.to_pylist()
    return {(one["room"] or "", one["session"] or ""): one["at_min"] for one in told}


def _spans(sessions: list[Recorded], first: dict[tuple[str, str], int]) -> Iterator[_Span]:
    """The sessions in which it decided, with their whole slices from then on."""
    for one in sessions:
        at = first.get((one.room, one.session))
        if at is None:
            continue
        begins = max(-(-one.begins // SLICE_MS), at // PAIR_MS * 2)
        ends = one.ends // SLICE_MS
        if ends > begins:
            yield _Span(one, begins, ends)


def _counts(history: Path, event: str, span: _Span) -> Float64:
    """How often an event came in the part of each slice that counts: float64[n_slices]."""
    where = (pc.field("room") == span.session.room) & (pc.field("type") == event)
    where &= pc.field("event_time") >= span.first * SLICE_MS
    where &= pc.field("event_time") < span.stop * SLICE_MS
    rows = rows_where(history, EVENTS, ["event_time", "outcome", "verified"], where)
    wanted = pc.is_in(rows["outcome"], value_set=_COUNTED)
    wanted = pc.and_(wanted, pc.not_equal(pc.fill_null(rows["verified"], 1), 0))
    at = rows.filter(wanted)["event_time"].to_numpy().astype(np.int64)
    at = at[at % SLICE_MS >= LEFT_OUT_MS]
    found = np.bincount(at // SLICE_MS - span.first, minlength=span.stop - span.first)
    return found.astype(np.float64)
