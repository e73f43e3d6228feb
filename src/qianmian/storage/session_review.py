"""One session on one time line: who was there, what was bought, what fired and what was decided.

Everything is counted per slice of time, so that an evening of 50,000 viewers is as small as one of
fifty. Read from the files of history alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qianmian.runtime.trial import Recorded
from qianmian.storage.history_rows import rows_where
from qianmian.storage.history_schema import DECISIONS, FIRINGS, ROOMS
from qianmian.strategies.slices import SLICE, SLICE_MS, is_acting
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE

SECOND_MS: Final = 1_000
WIDTHS: Final = tuple(n * SECOND_MS for n in (1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 86_400))
MOST_SLICES: Final = 360


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a session.

    Attributes:
        at: its begin, ms UTC; online: at its end, None where nothing was told in it.
        orders, gmv_minor: in all since the session began, at its end.
    """

    at: int
    online: int | None
    orders: int
    gmv_minor: int


@dataclass(frozen=True, slots=True)
class MomentsIn:
    """How often a moment fired in a slice, and for how many viewers. `place`: of the slice."""

    place: int
    moment: str
    times: int
    viewers: int


@dataclass(frozen=True, slots=True)
class DecidedIn:
    """How often a strategy decided so in a slice; `outcome` is act, held_out or suppressed."""

    place: int
    strategy: str
    outcome: str
    times: int


@dataclass(frozen=True, slots=True)
class Turn:
    """Five minutes in which a strategy that a whole room hears acted, or was silent.

    Units: begins, ends in ms UTC, within the session.
    """

    strategy: str
    begins: int
    ends: int
    acts: bool


@dataclass(frozen=True, slots=True)
class SessionReview:
    """A session; `turns` are of strategies that held out a slice in it.

    Units: width_ms is the length of each slice.
    """

    session: Recorded
    width_ms: int
    slices: tuple[Slice, ...]
    moments: tuple[MomentsIn, ...]
    decided: tuple[DecidedIn, ...]
    turns: tuple[Turn, ...]


def session_review(
    history: Path, session: Recorded, shop: str = DEFAULT_NAMESPACE
) -> SessionReview:
    """What happened in a session; rehearsals and later steps of a decision are no decisions.

    Args:
        shop: its name, by which turns were drawn.

    Raises: LogProblem when a file cannot be read.
    Cost: one pass over rooms, firings and decisions; memory for the rows of this session.
    """
    # The first row of a room is told a second after the begin; what it counts came before.
    span = max(session.ends - session.begins, 1)
    width = next((one for one in WIDTHS if span <= one * MOST_SLICES), WIDTHS[-1])
    n = -(-span // width)
    rooms = _rows(history, ROOMS, session, ["at", "online", "orders", "gmv_minor"])
    fired = _rows(history, FIRINGS, session, ["at", "moment", "viewer"])
    names = ["at", "strategy", "outcome", "reason", "is_rehearsal", "after"]
    made = _rows(history, DECISIONS, session, names)
    real = pc.and_(
        pc.invert(pc.fill_null(made["is_rehearsal"], fill_value=False)),
        pc.equal(pc.fill_null(made["after"], ""), ""),
    )
    counted = _counted(_placed(fired, session, width, n), ["moment"], "viewer")
    decisions = _counted(
        _placed(made.filter(real), session, width, n), ["strategy", "outcome"], None
    )
    return SessionReview(
        session,
        width,
        _slices(rooms, session, width, n),
        tuple(
            MomentsIn(one["place"], one["moment"], one["count_all"], one["viewer_count_distinct"])
            for one in counted
        ),
        tuple(
            DecidedIn(one["place"], one["strategy"], one["outcome"], one["count_all"])
            for one in decisions
        ),
        tuple(_turns(made.filter(real), session, shop)),
    )


def _rows(history: Path, kind: str, session: Recorded, names: Sequence[str]) -> pa.Table:
    """The rows of a session."""
    where = (pc.field("room") == session.room) & (pc.field("at") >= session.begins)
    where &= pc.field("at") <= session.ends
    found = rows_where(history, kind, [*names, "session"], where)
    return found.filter(pc.equal(pc.fill_null(found["session"], ""), session.session)).drop_columns(
        "session"
    )


def _turns(made: pa.Table, session: Recorded, shop: str) -> Iterator[Turn]:
    """The slices of each strategy that was silent in one of them."""
    silent = made.filter(pc.equal(pc.fill_null(made["reason"], ""), SLICE))
    first, last = session.begins // SLICE_MS, -(-session.ends // SLICE_MS)
    for key in sorted(set(silent["strategy"].to_pylist())):
        for n in range(first, last):
            begins, ends = n * SLICE_MS, (n + 1) * SLICE_MS
            acts = is_acting(shop, key, session.room, session.session, begins)
            yield Turn(key, max(begins, session.begins), min(ends, session.ends), acts)


def _places(at: npt.NDArray[np.int64], session: Recorded, width: int, n: int) -> pa.Array:
    """The slice of each instant: (begin, begin + width] is the first, as a second ends it."""
    return pa.array(np.clip((at - session.begins - 1) // width, 0, n - 1))


def _placed(table: pa.Table, session: Recorded, width: int, n: int) -> pa.Table:
    at = table["at"].to_numpy().astype(np.int64)
    return table.append_column("place", _places(at, session, width, n))


def _counted(table: pa.Table, by: list[str], distinct: str | None) -> list[dict[str, Any]]:
    wanted = [([], "count_all"), *([(distinct, "count_distinct")] if distinct else [])]
    grouped = table.group_by(["place", *by]).aggregate(wanted)
    return sorted(grouped.to_pylist(), key=lambda one: [one[name] for name in ("place", *by)])


def _slices(rooms: pa.Table, session: Recorded, width: int, n: int) -> tuple[Slice, ...]:
    """The last row of each slice; what was not told is as it was before."""
    rooms = rooms.sort_by("at")
    columns = [rooms[name].to_numpy().astype(np.int64) for name in rooms.column_names]
    at, online, orders, gmv = columns
    place = np.clip((at - session.begins - 1) // width, 0, n - 1)
    last = np.searchsorted(place, np.arange(n), side="right") - 1
    found = []
    for k, row in enumerate(last.tolist()):
        is_told = row >= 0 and place[row] == k
        found.append(
            Slice(
                session.begins + k * width,
                int(online[row]) if is_told else None,
                int(orders[row]) if row >= 0 else 0,
                int(gmv[row]) if row >= 0 else 0,
            )
        )
    return tuple(found)
