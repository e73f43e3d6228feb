"""Facts with the lists that a shop uploaded: who is on each, beside what history knows.

A list is a column `segment.list.<name>` of the file, so the engine reads it like a segment that
comes with facts, and a new version takes effect as a new build does: as one message of the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from qianmian.columns.facts import Facts, facts_of_columns
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE

PREFIX: Final = "list."
_COLUMN: Final = f"segment.{PREFIX}"
NO_BOUNDARY_MS: Final = 0
"""Of lists without a build of history: they know nothing of any day."""


def facts_with_lists(
    facts: Facts | None,
    lists: Mapping[str, Iterable[str]],
    *,
    namespace: str = DEFAULT_NAMESPACE,
) -> bytes:
    """The file of these facts with these lists, in the place of any that it had.

    Args:
        facts: the build of history; None while there is none.
        namespace: of the viewers, where there are no facts.

    Guarantees: the same facts and lists give the same bytes; everything else of the facts stays.
    Raises: InputError when two viewers have one hash.
    Cost: about 2 µs for everybody in the facts or on a list, and one pass for each list.
    """
    table = _nobody() if facts is None else _without_lists(facts)
    wanted = {key: pa.array(sorted(set(names)), pa.string()) for key, names in lists.items()}
    table = _with_viewers(table, wanted.values())
    viewers = table.column("viewer")
    for key, names in sorted(wanted.items()):
        table = table.append_column(f"{_COLUMN}{key}", pc.is_in(viewers, value_set=names))
    boundary_ms = NO_BOUNDARY_MS if facts is None else facts.boundary_ms
    whose = namespace if facts is None else facts.namespace
    return facts_of_columns(table, boundary_ms=boundary_ms, namespace=whose)


def _nobody() -> pa.Table:
    return pa.table({"viewer": pa.array([], pa.string())})


def _without_lists(facts: Facts) -> pa.Table:
    table = facts.table()
    gone = ["hash", *(name for name in table.column_names if name.startswith(_COLUMN))]
    return table.drop_columns(gone)


def _with_viewers(table: pa.Table, lists: Iterable[pa.Array]) -> pa.Table:
    """The table with a row for everybody on a list; of whom it knows nothing, that is in it."""
    everybody = pc.unique(pa.chunked_array(list(lists), pa.string()))
    new = everybody.filter(pc.invert(pc.is_in(everybody, value_set=table.column("viewer"))))
    rows = pa.table({"viewer": new})
    return pa.concat_tables([table, rows], promote_options="default") if len(new) else table
