"""What the events of everybody say of their profiles, as tables: acts, likings, days.

Each is one pass over the events before a day boundary, and the same numbers that
`profiles.profile.profile_of` finds for one viewer. `found` holds the traits that conditions read
(`profiles.found`), a row for everybody of whom something is found.

    done     viewer, type, n, last, amount
    liking   viewer, dimension, value, n, last, points (as of the boundary, in parts of 2^90)
    day      viewer, day, paid
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from qianmian.profiles.preference import (
    DIMENSIONS,
    ENOUGH,
    HALF_LIFE_MS,
    POINTS,
    PREFERRED_SHARE,
    PRICE_BANDS,
    TOP_BAND,
)
from qianmian.profiles.profile import BEHAVIOR
from qianmian.profiles.stage import DORMANT_DAYS, QUIET_DAYS, day_of
from qianmian.storage.history_reader.database import Database
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME

COLUMNS: Final = frozenset({"product", "category", "brand", "price", "amount", "items"})
"""Columns of events that profiles are found from."""
PART: Final = 2.0**90
"""Parts of a point. Whole numbers add up the same in any order, and three years leave some."""
_DAYS_OF_VISITS: Final = [
    code for code, one in enumerate(CATALOG) if one.presence and one.scope == "viewer"
]
_VALUE_BY_DIMENSION: Final = {
    "category": "coalesce(l.category, g.category)",
    "price_band": "band.name",
    "brand": "coalesce(l.brand, g.brand)",
    "brand_tone": "g.tone",
}
_BAND: Final = """
  ASOF LEFT JOIN (SELECT unnest($bounds) AS bound, unnest($names) AS name) AS band
  ON coalesce(l.price, g.price) >= band.bound
"""
_LIKING: Final = """
INSERT INTO liking
WITH weighed AS (SELECT unnest($codes) AS type, unnest($points) AS points),
act AS (
  SELECT e.viewer, e.event_time, e.product, e.category, e.brand, e.price, e.items,
    CAST(round(w.points * pow(0.5, ($boundary - e.event_time) / $half_life) * $part) AS HUGEINT)
      AS points
  FROM event AS e JOIN weighed AS w ON w.type = e.type
  WHERE e.event_time < $boundary AND e.clock <= $clock
),
l AS (
  SELECT viewer, event_time, points, product, category, brand, price FROM act
  WHERE items IS NULL AND (product IS NOT NULL OR category IS NOT NULL)
  UNION ALL
  SELECT viewer, event_time, points, i.product, i.category, NULL, i.price
  FROM (SELECT viewer, event_time, points, unnest(items) AS i FROM act WHERE items IS NOT NULL)
)
SELECT l.viewer, $dimension, {value} AS liked, count(*), max(l.event_time), sum(l.points)
FROM l LEFT JOIN good AS g ON g.product = l.product {band}
WHERE {value} IS NOT NULL AND {value} != ''
GROUP BY l.viewer, liked
"""
_DAY: Final = """
INSERT INTO day
SELECT viewer, (event_time + $offset) // 86400000 AS day, bool_or(type = $paid) FROM event
WHERE list_contains($visits, type) AND event_time < $boundary AND clock <= $clock
GROUP BY ALL
"""
_DONE: Final = """
INSERT INTO done
SELECT viewer, type, count(*), max(event_time),
  coalesce(sum(amount) FILTER (list_contains($money, type)), 0)
FROM event
WHERE list_contains($counted, type) AND event_time < $boundary AND clock <= $clock
GROUP BY viewer, type
"""
_TABLES: Final = {
    "liking": """CREATE TABLE liking (viewer INTEGER, dimension VARCHAR, value VARCHAR, n BIGINT,
      last BIGINT, points HUGEINT)""",
    "day": "CREATE TABLE day (viewer INTEGER, day BIGINT, paid BOOLEAN)",
    "done": """CREATE TABLE done
      (viewer INTEGER, type UTINYINT, n BIGINT, last BIGINT, amount HUGEINT)""",
}
_FOUND: Final = """
CREATE TABLE found AS
WITH preferred AS (
  SELECT viewer, dimension, arg_min(value, (-points, value)) AS value FROM liking
  GROUP BY viewer, dimension
  HAVING sum(n) >= $enough AND max(points) >= $share * sum(points)
),
loved AS (
  SELECT viewer,
    any_value(value) FILTER (dimension = 'category') AS loved_category,
    any_value(value) FILTER (dimension = 'price_band') AS loved_price_band,
    any_value(value) FILTER (dimension = 'brand') AS loved_brand,
    any_value(value) FILTER (dimension = 'brand_tone') AS loved_brand_tone
  FROM preferred GROUP BY viewer
),
ends AS (
  SELECT viewer, min(day) AS first, max(day, 2) AS newest, arg_max(paid, day) AS paid
  FROM day GROUP BY viewer
),
stage AS (
  SELECT viewer, CASE
    WHEN $today - newest[1] >= $dormant THEN 'dormant'
    WHEN $today - newest[1] >= $quiet THEN 'churn_risk'
    WHEN newest[1] = first THEN CASE WHEN paid THEN 'active' ELSE 'new' END
    WHEN newest[1] - newest[2] >= $dormant AND NOT paid THEN 'returned'
    ELSE 'active' END AS life_stage
  FROM ends
)
SELECT coalesce(l.viewer, s.viewer) AS viewer, loved_category, loved_price_band, loved_brand,
  loved_brand_tone, life_stage
FROM loved AS l FULL JOIN stage AS s ON s.viewer = l.viewer
"""
_NOTHING: Final = """
CREATE TABLE found (viewer INTEGER, loved_category VARCHAR, loved_price_band VARCHAR,
  loved_brand VARCHAR, loved_brand_tone VARCHAR, life_stage VARCHAR)
"""
LATEST: Final = (1 << 63) - 1


def offset_of(zone: str, at_ms: int) -> int:
    """How far a zone is ahead of UTC at an instant, ms."""
    offset = datetime.fromtimestamp(at_ms / 1_000, ZoneInfo(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * 1_000


class FoundTables:
    """Makes the tables of one database, and makes them again only where they would be others.

    Args:
        zone: of the shop.

    Raises (every method): HistoryTooLarge.
    """

    def __init__(self, database: Database, zone: str) -> None:
        self._database = database
        self._zone = zone
        self._made: tuple[int, ...] | None = None
        self._run(_NOTHING)

    def find(self, boundary_ms: int, clock_ms: int | None = None, *, filled: int = 0) -> None:
        """Make `found` as of a day boundary, from what had arrived by a clock (None: all).

        Args:
            filled: how often the tables of events have been begun anew.

        Cost: five passes over the events, when something before the boundary is new.
        """
        clock = LATEST if clock_ms is None else clock_ms
        ((rows, places, links),) = self._database.run(
            "SELECT count(*), coalesce(max(ord), 0), (SELECT count(*) FROM link) FROM event"
            " WHERE event_time < $boundary AND clock <= $clock",
            {"boundary": boundary_ms, "clock": clock},
        )
        asked = (filled, boundary_ms, clock, rows, places, links)
        if asked == self._made:
            return
        self._made = None
        self._make(("liking", "day"), boundary_ms, clock)
        self._run("DROP TABLE IF EXISTS found")
        values = {
            "enough": ENOUGH,
            "share": PREFERRED_SHARE,
            "today": day_of(boundary_ms, offset_of(self._zone, boundary_ms)),
            "dormant": DORMANT_DAYS,
            "quiet": QUIET_DAYS,
        }
        self._run(_FOUND, values)
        for table in ("liking", "day"):
            self._run(f"DROP TABLE {table}")
        self._made = asked

    def make_all(self, boundary_ms: int) -> None:
        """Make `done`, `liking` and `day` as of a day boundary; `drop_all` lets them go."""
        self._make(tuple(_TABLES), boundary_ms, LATEST)

    def drop_all(self) -> None:
        """Let go what `make_all` made."""
        for table in _TABLES:
            self._run(f"DROP TABLE IF EXISTS {table}")

    def _make(self, tables: tuple[str, ...], boundary_ms: int, clock: int) -> None:
        place = {"boundary": boundary_ms, "clock": clock}
        for table in tables:
            self._run(f"DROP TABLE IF EXISTS {table}")
            self._run(_TABLES[table])
        if "liking" in tables:
            self._like(place)
        offset = offset_of(self._zone, boundary_ms)
        paid = CODE_BY_NAME["order_paid"]
        self._run(_DAY, {**place, "offset": offset, "paid": paid, "visits": _DAYS_OF_VISITS})
        if "done" in tables:
            money = [paid, CODE_BY_NAME["order_refunded"]]
            counted = [CODE_BY_NAME[kind] for kind in BEHAVIOR]
            self._run(_DONE, {**place, "money": money, "counted": counted})

    def _like(self, place: Mapping[str, int]) -> None:
        for dimension in DIMENSIONS:
            values: dict[str, Any] = {
                **place,
                "codes": [CODE_BY_NAME[kind] for kind in POINTS],
                "points": list(POINTS.values()),
                "half_life": float(HALF_LIFE_MS),
                "part": PART,
                "dimension": dimension,
            }
            band = ""
            if dimension == "price_band":
                band = _BAND
                values["bounds"] = [-LATEST, *(bound for bound, _ in PRICE_BANDS)]
                values["names"] = [*(name for _, name in PRICE_BANDS), TOP_BAND]
            value = _VALUE_BY_DIMENSION[dimension]
            self._run(_LIKING.format(value=value, band=band), values)

    def _run(self, statement: str, values: Mapping[str, Any] | None = None) -> None:
        self._database.run(statement, values or {})
