"""Uploaded lists beside history: who of them history knows, by the person whose id it is.

on_list  list, name: as it was uploaded
listed   list, viewer: those of them whom history knows
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from qianmian.storage.history_reader.database import Database

TABLES: Final = (
    "CREATE TABLE on_list (list VARCHAR, name VARCHAR)",
    "CREATE TABLE listed (list VARCHAR, viewer INTEGER)",
)
_LISTED: Final = """
INSERT INTO listed SELECT DISTINCT o.list, coalesce(l.known, v.id)
FROM on_list AS o JOIN viewer AS v ON v.name = o.name LEFT JOIN link AS l ON l.own = v.id
"""


class Uploads:
    """Keeps both tables, which are empty at first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists: Mapping[str, Iterable[str]] = {}
        self._stop = 0

    def hold(self, lists: Mapping[str, Iterable[str]], stop: int) -> None:
        """Hold these lists, in the place of those before; `stop` is how far history is read.

        Cost: nothing for the mapping of the last call, when history has not grown since.
        """
        if lists is self._lists and self._stop == stop:
            return
        run = self._database.run
        if lists is not self._lists:
            run("DELETE FROM on_list")
            for key, names in lists.items():
                told = {"key": key, "names": list(names)}
                run("INSERT INTO on_list SELECT $key, unnest($names)", told)
        run("DELETE FROM listed")
        run(_LISTED)
        self._lists, self._stop = lists, stop
