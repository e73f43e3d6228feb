"""A table of outcomes in a file: CSV, also gzipped, or Parquet; a row for each person."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq

from qianmian.connectors.files import unreadable
from qianmian.errors import InputError

PARQUET = ".parquet"


def read_outcomes(path: Path) -> pa.Table:
    """The whole table; types of columns are found in its values.

    Raises: InputError when it cannot be read, or is no such table.
    Memory: the table.
    """
    try:
        return pq.read_table(path) if path.suffix == PARQUET else pc.read_csv(path)
    except pa.ArrowException as problem:
        raise InputError(f"{path.name} is no table: {problem}", path=str(path)) from problem
    except OSError as problem:
        raise unreadable(path, problem) from problem
