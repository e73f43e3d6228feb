"""What tables of errands have in common: kept once, ended once, told to the log, then forgotten.

An end is written here first and told to the log after it (`is_told`), again after a crash: the
ledger takes an end twice as once.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping

from qianmian.runtime.persons import Erasure
from qianmian.storage.sql.database import Database
from qianmian.vocabulary.time import DAY_MS

KEPT_MS: Final = DAY_MS
"""So long after its end a row is kept."""

E = TypeVar("E")
S = TypeVar("S", bound=str)
Condition = sa.ColumnElement[bool]


class ErrandStore(Generic[E, S]):
    """The errands of one table, by the id of their decision; `E` is one, `S` how it can end.

    Args:
        clock: ms UTC.
        table: with columns id, viewer, state, changed_at and is_told.
        unfinished: what says that a row has not ended.
        mine: which rows this is about when it is asked what ended.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        table: sa.Table,
        unfinished: Condition,
        mine: Condition,
    ) -> None:
        self._database = database
        self._clock = clock
        self._table = table
        self._unfinished = unfinished
        self._mine = mine

    @abstractmethod
    def _row(self, errand: E) -> dict[str, Any]:
        """The columns of one that is new, but for those that say when and whether it is told."""

    def add(self, errands: Sequence[E], refuses: Callable[[str], bool]) -> None:
        """Keep new ones; what is there already, in whatever state, stays as it is.

        Args:
            refuses: whether a viewer was erased; asked within the transaction.
        """
        with self._database.write() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            more = {"changed_at": self._clock(), "is_told": False}
            rows = [row | more for row in map(self._row, errands) if not refuses(row["viewer"])]
            if rows:
                connection.execute(dialect.insert(self._table).on_conflict_do_nothing(), rows)

    def untold(self) -> list[tuple[str, S]]:
        """Those that ended and of which the log does not know: decision and end."""
        columns = self._table.c
        ended = self._table.select().where(~self._unfinished, self._mine, ~columns.is_told)
        with self._database.read() as connection:
            return [(row.id, row.state) for row in connection.execute(ended.order_by(columns.id))]

    def note_told(self, errands: Iterable[str]) -> None:
        """The log knows how these ended; what ended long ago goes."""
        columns = self._table.c
        with self._database.write() as connection:
            told = self._table.update().where(columns.id.in_(sorted(errands)))
            connection.execute(told.values(is_told=True))
            old = columns.is_told & (columns.changed_at < self._clock() - KEPT_MS)
            connection.execute(self._table.delete().where(old))

    def forget(self, erasure: Erasure) -> int:
        """Delete everything about a person; how many rows."""
        gone = self._table.c.viewer.in_(sorted(erasure.tombstone_by_viewer))
        with self._database.write() as connection:
            return int(connection.execute(self._table.delete().where(gone)).rowcount)

    def _about(self, viewers: frozenset[str]) -> list[RowMapping]:
        """The rows about these viewers."""
        columns = self._table.c
        wanted = self._table.select().where(columns.viewer.in_(sorted(viewers)))
        with self._database.read() as connection:
            return [*connection.execute(wanted.order_by(columns.id)).mappings()]
