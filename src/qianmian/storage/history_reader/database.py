"""A DuckDB in memory: bounded, and shut off from everything but one folder to read.

No extension is loaded, installed or looked for; no file outside the folder can be opened, and no
setting can be changed any more. What DuckDB says when it cannot is told in our words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
from sqlglot import exp

from qianmian.errors import HistoryTooLarge, LogProblem

DIALECT: Final = "duckdb"
NO_VALUES: Final[Mapping[str, Any]] = {}


class Database:
    """A connection; used by one thread at a time.

    Args:
        folder: the only one whose files can be read.
        memory_mb: most of the memory that all tables and queries together take.
    """

    def __init__(self, folder: Path, *, memory_mb: int, threads: int) -> None:
        self._using = threading.Lock()
        self._memory_mb = memory_mb
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{memory_mb}MiB",
                "threads": threads,
                "temp_directory": "",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "allow_community_extensions": False,
                "allow_unsigned_extensions": False,
            },
        )
        # Columns are kept compressed: a fraction of the memory, and faster tests of words.
        self._connection.execute("ATTACH ':memory:' AS warm (COMPRESS)")
        self._connection.execute("USE warm")
        self._connection.execute("SET allowed_directories = $folders", {"folders": [str(folder)]})
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def run(
        self, query: exp.Expr | str, values: Mapping[str, Any] = NO_VALUES
    ) -> list[tuple[Any, ...]]:
        """The rows of a query, or of a constant statement of ours.

        Raises: HistoryTooLarge when the memory is not enough; LogProblem when a file is unreadable.
        """
        return list(self._run(query, values, lambda found: found.fetchall()))

    def table(self, query: exp.Expr, values: Mapping[str, Any] = NO_VALUES) -> pa.Table:
        """The rows of a query as columns; raises as `run`."""
        return self._run(query, values, lambda found: found.to_arrow_table())

    def _run(
        self,
        query: exp.Expr | str,
        values: Mapping[str, Any],
        fetch: Callable[[duckdb.DuckDBPyRelation], Any],
    ) -> Any:
        text = query if isinstance(query, str) else query.sql(DIALECT, copy=False, identify=True)
        with self._using:
            try:
                found: Any = self._connection.sql(text, params=dict(values))  # None of no query
                return [] if found is None else fetch(found)
            except duckdb.OutOfMemoryException as problem:
                raise HistoryTooLarge(
                    f"the question needs more memory than the {self._memory_mb} MiB that reading"
                    " history may take; ask a shorter window, or allow more"
                ) from problem
            except (duckdb.IOException, duckdb.InvalidInputException) as problem:
                raise LogProblem(f"the history cannot be read: {problem}") from problem

    def write(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run a constant statement once for each row of values."""
        if rows:
            with self._using:
                self._connection.executemany(statement, [list(row) for row in rows])

    def close(self) -> None:
        """Let all memory go."""
        with self._using:
            self._connection.close()
