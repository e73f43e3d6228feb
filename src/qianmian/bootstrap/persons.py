"""Every store of an installation that holds persons, in one list.

A store that is left out is found by the test that looks through every file of a home after an
erasure (`tests/unit/server/test_persons.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from qianmian.errors import LogUnavailable
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.person_desk import PersonDesk
from qianmian.runtime.persons import Forgets
from qianmian.runtime.refusals import Refusals
from qianmian.storage.dead_letters import DeadLetterFile
from qianmian.storage.history_thread import HistoryThread
from qianmian.storage.person_letters import LettersForget, told_of
from qianmian.storage.person_reader import PersonReader
from qianmian.storage.person_stores import (
    FactsForget,
    HistoryForgets,
    IdentitiesForget,
    ListsForget,
    LogForgets,
    ProfilesForget,
    SnapshotsForget,
)
from qianmian.storage.profile_file import StoredProfiles
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.follow_ups import FollowUpStore
from qianmian.storage.sql.identities import IdentityStore
from qianmian.storage.sql.lists import ListStore
from qianmian.storage.sql.outbox import OutboxStore
from qianmian.storage.sql.persons import ErasureStore
from qianmian.storage.sql.sources import SourceStore


@dataclass(frozen=True, slots=True)
class Persons:
    """What concerns single persons.

    Attributes:
        stores: every one that holds persons, in the order in which they forget: the log first,
            because others are made from it; builds of facts after it, because it names them.
        requests: to be erased.
        reader: what is kept about somebody.
        refusals: of those who were erased.
        ledger: what everybody agreed to, with the proof.
    """

    stores: tuple[Forgets, ...]
    requests: ErasureStore
    reader: PersonReader
    refusals: Refusals
    facts: FactsForget
    ledger: ConsentLedger

    def desk(self, deployment: Deployment, namespace: str) -> PersonDesk:
        """Does what is requested."""
        return PersonDesk(
            self.requests,
            deployment,
            self.refusals,
            self.reader,
            self.stores,
            self.facts.write_again,
            namespace=namespace,
            flush=self.ledger.flush,
        )


class Tables(NamedTuple):
    """What the database holds of persons, beside consents."""

    identities: IdentityStore
    lists: ListStore
    follow_ups: FollowUpStore
    outbox: OutboxStore


def tables_of(database: Database, now: Callable[[], int]) -> Tables:
    """Those of a database."""
    return Tables(
        IdentityStore(database),
        ListStore(database, now),
        FollowUpStore(database, now),
        OutboxStore(database, now),
    )


def persons_of(
    home: Path,
    log: SegmentLog,
    history: HistoryThread,
    snapshots: SnapshotFolder,
    letters: DeadLetterFile,
    ledger: ConsentLedger,
    *,
    asked: tuple[ErasureStore, Refusals],
    tables: Tables,
    sources: SourceStore,
) -> Persons:
    """The stores of a home.

    Args:
        asked: who asked to be erased, and who was.
    """
    facts = FactsForget(home / "facts")
    stores: tuple[Forgets, ...] = (
        LogForgets(log),
        HistoryForgets(history),
        ListsForget(tables.lists),  # before builds of facts, which are made of them
        facts,
        SnapshotsForget(snapshots),
        LettersForget(letters, sources.prefix_of),
        ledger,
        IdentitiesForget(tables.identities),
        ProfilesForget(StoredProfiles(home / "profiles")),
        tables.follow_ups,
        tables.outbox,
    )

    def flushed() -> None:
        with suppress(LogUnavailable):  # then it tells what it has; data health shows the problem
            history.flush_before(log.durable_offset)

    requests, refusals = asked
    reader = person_reader(home, letters, ledger, tables, sources, flush=flushed)
    return Persons(stores, requests, reader, refusals, facts, ledger)


def requests_of(
    database: Database, now: Callable[[], int], secret: bytes, namespace: str
) -> tuple[ErasureStore, Refusals]:
    """Who asked to be erased, and who was.

    Raises: OperationalError when the database cannot be used.
    """
    refusals = Refusals(secret, namespace)
    requests = ErasureStore(database, now, refusals.mark_of)
    refusals.add(requests.marks())
    return requests, refusals


def person_reader(
    home: Path,
    letters: DeadLetterFile,
    ledger: ConsentLedger,
    tables: Tables,
    sources: SourceStore,
    *,
    flush: Callable[[], None] = lambda: None,
) -> PersonReader:
    """Reads what a home keeps about somebody, also beside a server that runs."""

    def of_letters(viewers: frozenset[str]) -> list[dict[str, object]]:
        return told_of(letters, viewers, sources.prefix_of)

    more = (
        ("dead_letters", of_letters),
        ("consents", ledger.export),
        ("identities", tables.identities.of),
        ("lists", tables.lists.of),
        ("profiles", StoredProfiles(home / "profiles").told),
        ("follow_ups", tables.follow_ups.export),
        ("outbox", tables.outbox.export),
    )
    return PersonReader(home, flush=flush, more=more)
