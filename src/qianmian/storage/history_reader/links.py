"""Whose events are whose: the links of history, as one row for each id that belongs to another.

What is said of links is read before the events that come with it. A link that is over means that
everything is read again: events lie under the person whose they are, not under the id they came
with. That is rare, and then the events are again those of their own ids.

    said   own, known, place, told_at, ends: what history says (`profiles.identity`)
    link   own, known, place: ids that are another's; `known` stands for the person
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from qianmian.profiles.identity import Saying, folded, groups
from qianmian.storage.history_reader.database import Database
from qianmian.vocabulary.ids import is_anonymous

TABLES: Final = {
    "said": """CREATE TABLE said
      (own VARCHAR, known VARCHAR, place BIGINT, told_at BIGINT, ends BOOLEAN)""",
    "link": "CREATE TABLE link (own INTEGER, known INTEGER, place BIGINT)",
}
_READ: Final = """
INSERT INTO said
SELECT CASE WHEN viewer LIKE '?%' THEN viewer ELSE greatest(viewer, linked_viewer) END,
  CASE WHEN viewer LIKE '?%' THEN linked_viewer ELSE least(viewer, linked_viewer) END,
  "offset" * 33554432 + file_row_number, event_time, type = 'identity_unlinked'
FROM read_parquet($files, file_row_number = true)
WHERE "offset" >= $from AND type IN ('identity_linked', 'identity_unlinked')
  AND outcome != 'duplicate' AND viewer != linked_viewer AND linked_viewer NOT LIKE '?%'
RETURNING ends
"""
_WANTED: Final = """
CREATE TEMP TABLE wanted AS
SELECT own, any_value(known) AS known, min(place) AS place FROM said WHERE own LIKE '?%'
GROUP BY own HAVING count(DISTINCT known) = 1 AND NOT bool_or(ends)
"""
_OTHERS: Final = """
SELECT own, known, place, told_at, ends FROM said
WHERE own NOT IN (SELECT own FROM wanted) ORDER BY place
"""
_NEW_VIEWERS: Final = """
INSERT INTO viewer
SELECT (SELECT count(*) FROM viewer) + row_number() OVER (ORDER BY name) - 1, name
FROM (SELECT own AS name FROM wanted UNION SELECT known FROM wanted) AS told
WHERE name NOT IN (SELECT name FROM viewer)
"""
_SETTLE: Final = """
CREATE TEMP TABLE settled AS
SELECT o.id AS own, k.id AS known, w.place AS place FROM wanted AS w
JOIN viewer AS o ON o.name = w.own JOIN viewer AS k ON k.name = w.known
"""
_CHANGED: Final = """
INSERT INTO touched
SELECT unnest([s.own, s.known]) FROM settled AS s LEFT JOIN link AS l ON l.own = s.own
WHERE l.known IS NULL OR l.known != s.known
"""
_MOVE: Final = """
UPDATE {table} SET viewer = l.known,
  ord = CASE WHEN ord < 0 THEN ord ELSE ord - 4611686018427387904 END
FROM link AS l WHERE {table}.viewer = l.own
"""
_OTHER_NAMES: Final = """
SELECT o.name, k.name FROM link AS l JOIN viewer AS o ON o.id = l.own
JOIN viewer AS k ON k.id = l.known WHERE o.name NOT LIKE '?%' ORDER BY o.name
"""
_PUT: Final = (
    "DELETE FROM link",
    "INSERT INTO link SELECT * FROM settled",
    "DROP TABLE wanted",
    "DROP TABLE settled",
    *(_MOVE.format(table=table) for table in ("event", "told", "consent")),
)


class Links:
    """Keeps `link` as the files say.

    Args:
        database: with the tables of `Warm`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, paths: Sequence[str], from_offset: int) -> tuple[bool, bool]:
        """Take in what files say from a message on; whether they say anything, and of an end."""
        ends = self._database.run(_READ, {"files": list(paths), "from": from_offset})
        return bool(ends), any(ends_it for (ends_it,) in ends)

    def settle(self) -> None:
        """Let everything be under whose it is, by what was read.

        Cost: the links, and one pass over the events.
        """
        run = self._database.run
        run(_WANTED)
        self._database.write("INSERT INTO wanted VALUES (?, ?, ?)", self._others())
        run(_NEW_VIEWERS)
        run(_SETTLE)
        run(_CHANGED)
        for statement in _PUT:
            run(statement)

    def other_names(self) -> list[tuple[str, str]]:
        """The known ids under which nobody stands, each with the one that stands for the person."""
        return [(str(own), str(known)) for own, known in self._database.run(_OTHER_NAMES)]

    def _others(self) -> list[tuple[str, str, int]]:
        """Links of ids of which more than one thing is said, and of known ones: one by one."""
        said: list[Saying] = []
        places: dict[tuple[str, str, int], int] = {}
        rows: list[tuple[Any, ...]] = self._database.run(_OTHERS)
        for own, known, place, at, ends in rows:
            said.append(Saying(own, known, at, ends, ""))
            places.setdefault((own, known, at), place)
        edges = [one for one in folded(said) if one.until is None]
        same = groups(one for one in edges if not is_anonymous(one.own))
        place_of = {one: places[one.own, one.known, one.since] for one in edges}
        found = [
            (one.own, same.get(one.known, one.known), place_of[one])
            for one in edges
            if is_anonymous(one.own)
        ]
        for member, stands in same.items():
            if member != stands:
                mine = [place for one, place in place_of.items() if member in (one.own, one.known)]
                found.append((member, stands, min(mine)))
        if same:
            self._let_stand(same)
        return found

    def _let_stand(self, same: dict[str, str]) -> None:
        """Simple links to one of several known ids are links to the one that stands for them."""
        query = "UPDATE wanted SET known = $stands WHERE list_contains($members, known)"
        for stands in sorted(set(same.values())):
            members = [one for one, other in same.items() if other == stands]
            self._database.run(query, {"stands": stands, "members": members})
