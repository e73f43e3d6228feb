"""The sessions that history holds: of which room, since when and until when."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from qianmian.errors import LogProblem
from qianmian.runtime.trial import Recorded
from qianmian.storage.history_schema import ROOMS

SECOND_MS: Final = 1_000
"""A row of a room is told at the end of a second."""


def recorded_sessions(history: Path, *, room: str | None = None) -> list[Recorded]:
    """The sessions in the files of a history, the newest first.

    Args:
        room: only of this one.

    Raises: LogProblem when a file cannot be read.
    Cost: reads three columns of every file of rooms.
    """
    names = ["room", "session", "at"]
    parts = []
    for path in sorted((history / ROOMS).glob("*.parquet")):
        try:
            table = pq.read_table(path, columns=names, partitioning=None)
        except FileNotFoundError:  # joined into another one meanwhile
            continue
        except (OSError, pa.ArrowException) as problem:
            raise LogProblem(f"{path.name} cannot be read: {problem}", path=str(path)) from problem
        words = [table.column(name).cast(pa.string()) for name in names[:2]]
        parts.append(pa.table([*words, table.column("at")], names=names))
    if not parts:
        return []
    spans = pa.concat_tables(parts).group_by(names[:2]).aggregate([("at", "min"), ("at", "max")])
    found = [
        Recorded(one["room"], one["session"] or "", one["at_min"] - SECOND_MS, one["at_max"])
        for one in spans.to_pylist()
        if room is None or one["room"] == room
    ]
    return sorted(found, key=lambda one: (-one.begins, one.room))
