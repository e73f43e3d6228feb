"""How often each moment fired in each room since an instant, counted from the files of history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from qianmian.storage.history import History, hour_of
from qianmian.storage.history_schema import FIRINGS

Fired = Mapping[str, Mapping[str, int]]
"""By moment and room."""


def fired_since(history: History, since_ms: int) -> Fired:
    """The counts of what was decided at `since_ms` or later and has been written.

    Raises: LogProblem when a file cannot be read; OSError when the folder cannot.
    Cost: one pass over the firings of the hours since then.
    """
    first = hour_of(since_ms)
    found: dict[str, Counter[str]] = {}
    for table in history.read(FIRINGS, ["at", "moment", "room"], from_hour=first):
        late = table.filter(pc.greater_equal(table.column("at"), since_ms))
        plain = [late.column(name).cast(pa.string()) for name in ("moment", "room")]
        counted = pa.table(plain, names=["moment", "room"]).group_by(["moment", "room"])
        for row in counted.aggregate([([], "count_all")]).to_pylist():
            found.setdefault(str(row["moment"]), Counter())[str(row["room"])] += row["count_all"]
    return found
