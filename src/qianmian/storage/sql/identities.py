"""Which ids are one person's, for pages: a projection of history that can be made again.

What history says of links is folded by `profiles.identity`, in the order of the log; here it is
looked up by any id. How far history was read is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from qianmian.profiles.identity import Edge, Saying, after
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import IDENTITY_EDGES, PROJECTIONS

NAME: Final = "identities"
MOST_IDS: Final = 200  # of one person; a family tablet has fewer
_AT_ONCE: Final = 400  # ids of one question


class IdentityStore:
    """The identity graph of a deployment.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading

    def stop(self) -> int:
        """The first message of the log that is not in it."""
        with self._database.read() as connection:
            return _stop(connection)

    def edges_around(self, viewer: str) -> list[Edge]:
        """The links of a person, those that are over too: of every id that links reach.

        Over links that hold, at most `MOST_IDS` ids far; oldest first.
        """
        found: dict[tuple[str, str, int], Edge] = {}
        reached, new = {viewer}, {viewer}
        with self._database.read() as connection:
            while new and len(reached) < MOST_IDS:
                edges = list(_edges_of(connection, sorted(new)))
                found |= {(one.own, one.known, one.since): one for one in edges}
                ends = {id_ for one in edges if one.until is None for id_ in (one.own, one.known)}
                new = ends - reached
                reached |= new
        return sorted(found.values(), key=lambda one: (one.since, one.own, one.known))

    def all(self) -> list[Edge]:
        """Every edge, in the order of their ids."""
        table = IDENTITY_EDGES
        query = table.select().order_by(table.c.own, table.c.known, table.c.since)
        with self._database.read() as connection:
            return [Edge(*row) for row in connection.execute(query)]

    def of(self, viewers: Collection[str]) -> list[dict[str, Any]]:
        """The links that name one of these viewers, also those that are over."""
        found = {one for viewer in viewers for one in self.edges_around(viewer)}
        mine = (one for one in found if one.own in viewers or one.known in viewers)
        return [
            asdict(one) for one in sorted(mine, key=lambda one: (one.own, one.known, one.since))
        ]

    # -- changing

    def take(self, said: Iterable[Saying], stop: int) -> None:
        """What the messages up to `stop` say, in their order; what was read before is passed over.

        Cost: one question for 400 ids.
        """
        with self._database.write() as connection:
            if stop <= _stop(connection):
                return
            heard = list(said)
            before = _by_subject(connection, sorted({one.own for one in heard}))
            edges = dict(before)
            for one in heard:
                edges[one.subject] = after(edges.get(one.subject, ()), one)
            _write(connection, before, edges)
            _set_stop(connection, stop)

    def forget(self, viewers: Collection[str]) -> int:
        """Take persons out; how many links are gone."""
        table, gone = IDENTITY_EDGES, 0
        with self._database.write() as connection:
            for some in _parts(sorted(viewers)):
                theirs = sa.or_(table.c.own.in_(some), table.c.known.in_(some))
                gone += connection.execute(table.delete().where(theirs)).rowcount
        return gone

    def clear(self) -> None:
        """Begin anew: the next `take` may come from the first message on."""
        with self._database.write() as connection:
            connection.execute(IDENTITY_EDGES.delete())
            connection.execute(PROJECTIONS.delete().where(PROJECTIONS.c.name == NAME))


_Edges = dict[tuple[str, str], tuple[Edge, ...]]


def _stop(connection: Connection) -> int:
    query = sa.select(PROJECTIONS.c.stop).where(PROJECTIONS.c.name == NAME)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def _set_stop(connection: Connection, stop: int) -> None:
    mine = PROJECTIONS.update().where(PROJECTIONS.c.name == NAME).values(stop=stop)
    if connection.execute(mine).rowcount == 0:
        connection.execute(PROJECTIONS.insert().values(name=NAME, stop=stop))


def _edges_of(connection: Connection, viewers: Sequence[str]) -> Iterator[Edge]:
    table = IDENTITY_EDGES
    for some in _parts(viewers):
        query = table.select().where(sa.or_(table.c.own.in_(some), table.c.known.in_(some)))
        yield from (Edge(*row) for row in connection.execute(query.limit(MOST_IDS * 10)))


def _by_subject(connection: Connection, owns: Sequence[str]) -> _Edges:
    """The edges of these ids as `own`, oldest first."""
    table, found = IDENTITY_EDGES, _Edges()
    for some in _parts(owns):
        query = table.select().where(table.c.own.in_(some)).order_by(table.c.since)
        for row in connection.execute(query):
            edge = Edge(*row)
            subject = Saying(edge.own, edge.known, 0, False, "").subject
            found[subject] = (*found.get(subject, ()), edge)
    return found


def _write(connection: Connection, before: _Edges, now: _Edges) -> None:
    """New edges, and ends of those that were there."""
    known = {_key(one) for edges in before.values() for one in edges}
    changed = [
        one for subject, edges in now.items() for one in edges if one not in before.get(subject, ())
    ]
    table = IDENTITY_EDGES
    new = [one for one in changed if _key(one) not in known]
    if new:
        values = [{name: getattr(one, name) for name in table.c.keys()} for one in new]  # noqa: SIM118
        connection.execute(table.insert(), values)
    for one in changed:
        if _key(one) in known:
            of_it = [table.c[name] == getattr(one, name) for name in ("own", "known", "since")]
            connection.execute(table.update().where(*of_it).values(until=one.until))


def _key(edge: Edge) -> tuple[str, str, int]:
    return edge.own, edge.known, edge.since


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
