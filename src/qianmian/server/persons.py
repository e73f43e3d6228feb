"""What is known of one person: stored by the night, and everything since.

The stored profile says up to which instant and which message of the log it goes. History has what
came after, up to the end of its files; the newest part of the log has the rest. The three are
disjoint, and together they are everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from qianmian.profiles.identity import Edge, person_around
from qianmian.profiles.profile import Profile, profile_of
from qianmian.runtime.timeline import newest_rows
from qianmian.server.site import Site
from qianmian.storage.history_person import PersonRows
from qianmian.storage.profile_file import Built, ProfileFile
from qianmian.vocabulary.product import Product

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a person.

    Attributes:
        ids: under which the person came.
        edges: the links between them, those that are over too.
        profile: of everything, as far as `is_whole`.
        stored_at: the day boundary of what was stored, ms UTC; None: nothing was.
        rows: newer ones of all rooms, oldest first.
        since: how far back rows were read, ms UTC.
    """

    ids: frozenset[str]
    edges: list[Edge]
    profile: Profile
    stored_at: int | None
    rows: list[Row]
    since: int
    is_whole: bool

    @property
    def is_somebody(self) -> bool:
        """Whether anything is known."""
        return bool(self.rows) or self.profile != Profile()


def known_of(
    site: Site,
    viewer: str,
    products: Mapping[str, Product],
    offset_ms: int,
    *,
    all_rows: bool = False,
) -> Known:
    """What is known of the person that an id belongs to.

    Args:
        offset_ms: how far the shop's zone is ahead of UTC.
        all_rows: read rows from before what was stored, too, as far as history goes quickly.

    Raises: LogProblem, InputError when a file cannot be read; OperationalError.
    Cost: files; not for the event loop.
    """
    edges = site.identities.edges_around(viewer)
    ids = person_around(edges, viewer)
    stored = site.profiles.newest()
    built = None if stored is None else stored.built
    since = 0 if all_rows or built is None else built.boundary_ms
    past = site.pasts.rows_of(ids, since_ms=since)
    newest = newest_rows(site.log, ids, past.stop)
    rows = _once([*past.rows, *newest.rows])
    parts = [] if stored is None else _stored(stored, ids | newest.ids)
    parts.append(profile_of(_after(rows, built), products, offset_ms=offset_ms))
    return Known(
        ids=ids | newest.ids,
        edges=edges,
        profile=reduce(Profile.plus, parts),
        stored_at=None if built is None else built.boundary_ms,
        rows=rows,
        since=past.since if past.rows else _first(rows, past),
        is_whole=past.is_whole and newest.is_whole,
    )


def _stored(file: ProfileFile, ids: frozenset[str]) -> list[Profile]:
    found = (file.of(one) for one in sorted(ids))
    return [one for one in found if one is not None]


def _after(rows: Sequence[Row], built: Built | None) -> list[Row]:
    """The rows that are not in what was stored."""
    if built is None:
        return list(rows)
    return [
        row
        for row in rows
        if row["event_time"] >= built.boundary_ms or row["message"] >= built.stop
    ]


def _once(rows: Sequence[Row]) -> list[Row]:
    """Each row once: the newest part of the log does not say what came twice."""
    seen: set[str] = set()
    found = []
    for row in rows:
        name = row.get("message_id")
        if name is None or name not in seen:
            found.append(row)
        if name is not None:
            seen.add(name)
    return found


def _first(rows: Sequence[Row], past: PersonRows) -> int:
    return int(rows[0]["clock"]) if rows else past.since
