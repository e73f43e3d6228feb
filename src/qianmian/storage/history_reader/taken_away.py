"""Tags that people took away, beside the tables of history.

    withheld  viewer, tag: the tags that a person took away and did not give back

Few people ever do, so what they said is folded one by one, as the engine does it: of each tag the
latest word counts, and where a link joins two ids the stricter of both until a newer one.
"""

from __future__ import annotations

from typing import Any, Final

from qianmian.storage.history_reader.database import Database
from qianmian.vocabulary.consent import (
    EVERY_CHANNEL,
    NOTHING_SAID,
    Consent,
    Consents,
    merged,
    told,
    withheld_tags,
)

TABLE: Final = "CREATE TABLE withheld (viewer INTEGER, tag VARCHAR)"
_SAID: Final = """
SELECT CASE WHEN ord < 0 THEN ord + 4611686018427387904 ELSE ord END AS place, own, purpose,
  event_time, clock, granted
FROM consent WHERE starts_with(purpose, 'tag:') AND channel = '' AND clock <= $clock ORDER BY place
"""
_LINKS: Final = """
SELECT place, own, known FROM link
WHERE own IN (SELECT own FROM consent WHERE starts_with(purpose, 'tag:'))
  OR known IN (SELECT own FROM consent WHERE starts_with(purpose, 'tag:'))
"""
LATEST: Final = (1 << 63) - 1


class TakenAway:
    """Keeps `withheld`, which is there and empty."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._made: tuple[Any, ...] | None = None
        self._some = False

    def hold(self, clock_ms: int | None, stop: int) -> bool:
        """Hold what had been said by a clock (None: all that is there); whether it is anything.

        Args:
            stop: the message up to which history has been read.

        Cost: a look at the consents, where history has grown since; then Python for each word
            about a tag.
        """
        asked = (clock_ms, stop)
        if asked == self._made:
            return self._some
        clock = LATEST if clock_ms is None else clock_ms
        rows: list[tuple[Any, ...]] = self._database.run(_SAID, {"clock": clock})
        self._database.run("DELETE FROM withheld")
        found: list[tuple[int, str]] = []
        if rows:
            found = [
                (viewer, tag)
                for viewer, said in _folded(rows, self._database.run(_LINKS)).items()
                for tag in sorted(withheld_tags(said))
            ]
            self._database.write("INSERT INTO withheld VALUES (?, ?)", found)
        self._made, self._some = asked, bool(found)
        return self._some


def _folded(rows: list[tuple[Any, ...]], links: list[tuple[Any, ...]]) -> dict[int, Consents]:
    """What everybody said last, by the number of the person."""
    said: dict[int, Consents] = {}
    known_of: dict[int, int] = {}
    steps = [(place, 0, one) for place, *one in links] + [(place, 1, one) for place, *one in rows]
    for _, is_word, one in sorted(steps, key=lambda step: step[:2]):
        if is_word:
            own, purpose, at, clock, granted = one
            viewer = known_of.get(own, own)
            word = Consent(at, clock, bool(granted))
            thing = (purpose, EVERY_CHANNEL)
            said[viewer] = told(said.get(viewer, NOTHING_SAID), thing, word)
            continue
        own, known = one
        known_of[own] = known
        theirs = said.pop(own, NOTHING_SAID)
        if theirs:
            said[known] = merged(said.get(known, NOTHING_SAID), theirs)
    return said
