"""Some rows of a history, read from its files alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qianmian.errors import LogProblem
from qianmian.storage.history import SUFFIX, file_of, lasting
from qianmian.storage.history_schema import SCHEMAS


def rows_where(history: Path, kind: str, names: Sequence[str], where: pc.Expression) -> pa.Table:
    """The rows of a kind for which something holds, with words as texts.

    Args:
        names: of columns; those that an older file lacks are null in its rows.

    Raises: LogProblem when a file cannot be read.
    Cost: reads these columns, and those of `where`, of every file of the kind whose statistics do
        not rule it out.
    """
    wanted = pa.schema([SCHEMAS[kind].field(name) for name in names])
    parts = [_plain(wanted.empty_table())]
    for file in lasting(file_of(one, kind) for one in (history / kind).glob(f"*{SUFFIX}")):
        try:
            there = set(pq.read_schema(file.path).names)
            asked = [name for name in names if name in there]
            found = pq.read_table(file.path, columns=asked, filters=where, partitioning=None)
        except FileNotFoundError:  # joined into another one meanwhile
            continue
        except (OSError, pa.ArrowException) as problem:
            raise LogProblem(
                f"{file.path.name} cannot be read: {problem}", path=str(file.path)
            ) from problem
        parts.append(_plain(found))
    return pa.concat_tables(parts, promote_options="default")


def _plain(table: pa.Table) -> pa.Table:
    """Words as texts: files code them each in their own way."""
    return pa.table(
        {
            name: table[name].cast(pa.string())
            if pa.types.is_dictionary(table[name].type)
            else table[name]
            for name in table.column_names
        }
    )
