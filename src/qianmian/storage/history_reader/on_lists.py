"""Uploaded lists beside the tables of history: who of them history knows.

on_list  list, name: who is on each list
listed   list, viewer: those of them whom history knows, as whom their events lie
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


class OnLists:
    """Keeps both tables, which are there and empty."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lists: Mapping[str, Iterable[str]] = {}
        self._stop = 0

    def hold(self, lists: Mapping[str, Iterable[str]], stop: int) -> None:
        """Hold fixed lists of viewers, in the place of those that were held.

        Args:
            stop: the message up to which history has been read.

        Cost: nothing for the mapping of the last call, when history has not grown since.
        """
        if lists is self._lists and stop == self._stop:
            return
        if lists is not self._lists:
            self._database.run("DELETE FROM on_list")
            for key, names in lists.items():
                told = {"key": key, "names": list(names)}
                self._database.run("INSERT INTO on_list SELECT $key, unnest($names)", told)
        self._database.run("DELETE FROM listed")
        self._database.run(_LISTED)
        self._lists, self._stop = lists, stop
