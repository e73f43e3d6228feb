"""What an installation keeps in its home, opened for one server.

home/
log/  snapshots/  facts/     the truth, the state beside it, builds of history
history/                     events, firings and rooms as Parquet, for reading
profiles/                    what was known of everybody at the last midnight
qianmian.db                  accounts, sources, keys, products, links, the audit
dead_letters.db              what was refused, for a week
secret                       signs viewer tokens and anonymous ids
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from qianmian.bootstrap import Cores, active_definitions, lingering_of_moments
from qianmian.bootstrap.nightly import facts_chore
from qianmian.bootstrap.persons import Persons, persons_of, requests_of, tables_of
from qianmian.bootstrap.retention import retention_chores
from qianmian.bootstrap.strategies import StrategiesInForce, strategies_of
from qianmian.columns.facts import Facts
from qianmian.errors import InputError, LogUnavailable
from qianmian.language.definition import Definition
from qianmian.runtime.chores import Chores
from qianmian.runtime.definition_versions import active_definitions_of
from qianmian.runtime.definitions import read_definitions
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.fact_files import read_facts
from qianmian.runtime.live import Live
from qianmian.settings import Settings
from qianmian.storage.dead_letters import DeadLetterFile
from qianmian.storage.history import History
from qianmian.storage.history_thread import HistoryThread, SnapshotsAfterHistory
from qianmian.storage.secret_file import read_or_make
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.accounts import AccountStore
from qianmian.storage.sql.api_keys import ApiKeyStore
from qianmian.storage.sql.audit import SYSTEM, AuditTrail
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.definitions import DefinitionStore
from qianmian.storage.sql.follow_ups import FollowUpStore
from qianmian.storage.sql.gates import ChannelGates
from qianmian.storage.sql.identities import IdentityStore
from qianmian.storage.sql.issued import IssuedStore
from qianmian.storage.sql.lists import ListStore
from qianmian.storage.sql.outbox import OutboxStore
from qianmian.storage.sql.products import ProductStore
from qianmian.storage.sql.room_links import RoomLinkStore
from qianmian.storage.sql.room_lists import RoomListStore
from qianmian.storage.sql.sources import SourceStore
from qianmian.storage.sql.spending import SpendingBook
from qianmian.storage.sql.staff import Staff
from qianmian.storage.sql.strategies import StrategyStore
from qianmian.strategies.deciding import Decider
from qianmian.vocabulary.product import Product, ProductFields, product_of
from qianmian.vocabulary.rejected import Rejected

DATABASE_FILE = "qianmian.db"
LETTERS_FILE = "dead_letters.db"
SECRET_FILE = "secret"  # noqa: S105 — the name of a file

Told = Callable[[str, object], None]


def unheard(_what: str, _how: object) -> None:
    """A `Told` for when nobody listens."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything of one home, opened. `deployment` is not recovered yet.

    Attributes:
        built_in: what holds where the shop has changed nothing.
        definitions: what holds, and what is watched for strategies.
        strategies: what decides, of which `strategy_store` keeps the versions.
        products: of `catalog`, when it was opened.
    """

    settings: Settings
    log: SegmentLog
    history: HistoryThread
    written: History
    deployment: Deployment
    built_in: tuple[Definition, ...]
    definitions: tuple[Definition, ...]
    strategies: StrategiesInForce
    strategy_store: StrategyStore
    codes: CodeStore
    issued: IssuedStore
    gates: ChannelGates
    spending: SpendingBook
    follow_ups: FollowUpStore
    outbox: OutboxStore
    versions: DefinitionStore
    products: tuple[Product, ...]
    catalog: ProductStore
    lists: ListStore
    room_links: RoomLinkStore
    room_lists: RoomListStore
    accounts: AccountStore
    staff: Staff
    api_keys: ApiKeyStore
    audit: AuditTrail
    identities: IdentityStore
    sources: SourceStore
    dead_letters: DeadLetterFile
    secret: bytes
    persons: Persons


@contextmanager
def open_installation(
    settings: Settings, now: Callable[[], int], told: Told = unheard
) -> Iterator[Installation]:
    """Open a home until the block ends.

    Log and history are closed by `Deployment.stop`, or here if nothing was started.

    Args:
        told: hears what an operator should find in the logs of the process: (what, how it went).

    Raises: InputError for a file of definitions or products that cannot be used; OperationalError
        when the home cannot be used, or another server has it.
    """
    home = settings.home
    built_in = built_in_of(settings)
    given = () if settings.products is None else read_products(settings.products)
    with ExitStack() as opened:
        snapshots, log, kept, history = _open_files(settings, told, opened)
        database = opened.enter_context(open_database(home, settings.database))
        stores, tables = _stores_of(settings, database, now), tables_of(database, now)
        letters = DeadLetterFile(Database.in_file(home / LETTERS_FILE), now)
        opened.callback(letters.close)
        secret = read_or_make(home / SECRET_FILE)
        ledger = ConsentLedger(database)
        persons = persons_of(
            *(home, log, history, snapshots, letters, ledger),
            asked=requests_of(database, now, secret, settings.namespace),
            tables=tables,
            sources=stores.sources,
        )
        active = active_definitions_of(built_in, stores.versions.all(), settings.zone)
        strategies = strategies_of(settings, active, stores.strategy_store.read())
        for key, problem in strategies.left_out.items():
            told("strategy_left_out", f"{key}: {problem.message}")
        drops = retention_chores(settings, log, snapshots, kept, ledger, now)
        chores = Chores((*drops, facts_chore(settings, kept, now)), told=told)
        books = ledger, stores.spending
        yield Installation(
            settings=settings,
            log=log,
            history=history,
            written=kept,
            deployment=_deployment(settings, log, snapshots, history, books, chores, now),
            built_in=built_in,
            definitions=(*active, *strategies.watched(active)),
            strategies=strategies,
            **tables._asdict(),
            **stores._asdict(),
            products=stocked(stores.catalog, given),
            dead_letters=letters,
            secret=secret,
            persons=persons,
        )


class _Stores(NamedTuple):
    """What the database keeps and no erasure of a person looks into; named as in `Installation`."""

    strategy_store: StrategyStore
    codes: CodeStore
    issued: IssuedStore
    gates: ChannelGates
    spending: SpendingBook
    versions: DefinitionStore
    catalog: ProductStore
    room_lists: RoomListStore
    room_links: RoomLinkStore
    accounts: AccountStore
    staff: Staff
    api_keys: ApiKeyStore
    audit: AuditTrail
    sources: SourceStore


def _stores_of(settings: Settings, database: Database, now: Callable[[], int]) -> _Stores:
    accounts = AccountStore(database, now)
    return _Stores(
        strategy_store=StrategyStore(database, now),
        codes=CodeStore(database, now),
        issued=IssuedStore(database, now),
        gates=ChannelGates(database, now),
        spending=SpendingBook(database, settings.zone),
        versions=DefinitionStore(database, now),
        catalog=ProductStore(database, now, settings.currency),
        room_lists=RoomListStore(database, now),
        room_links=RoomLinkStore(database, now),
        accounts=accounts,
        staff=Staff(database, accounts, now),
        api_keys=ApiKeyStore(database, now),
        audit=AuditTrail(database, now),
        sources=SourceStore(database, now, settings.namespace),
    )


def _open_files(
    settings: Settings, told: Told, opened: ExitStack
) -> tuple[SnapshotFolder, SegmentLog, History, HistoryThread]:
    """What a home keeps in files of its own; closed at the end of `opened`."""
    home, namespace = settings.home, settings.namespace
    snapshots = SnapshotFolder(home / "snapshots")
    newest = snapshots.newest_offset or 0
    log = SegmentLog(home / "log", namespace=namespace, known_offset=newest)
    opened.callback(log.close)
    if log.repaired is not None:
        told("log_repaired", log.repaired)
    kept = History(home / "history", namespace=namespace)
    history = HistoryThread(kept)
    opened.callback(_closed, history)
    return snapshots, log, kept, history


@contextmanager
def open_database(home: Path, address: str = "") -> Iterator[Database]:
    """The database of an installation, as of now; also beside a server that runs.

    Raises: OperationalError when it cannot be used.
    """
    database = Database.at(address) if address else Database.in_file(home / DATABASE_FILE)
    try:
        yield database.migrated()
    finally:
        database.close()


@contextmanager
def open_sources(home: Path, clock: Callable[[], int], address: str = "") -> Iterator[SourceStore]:
    """The sources of an installation.

    Raises: OperationalError when its database cannot be used.
    """
    with open_database(home, address) as database:
        yield SourceStore(database, clock)


@contextmanager
def open_versions(
    home: Path, clock: Callable[[], int], address: str = ""
) -> Iterator[DefinitionStore]:
    """The versions of the definitions of an installation.

    Raises: OperationalError when its database cannot be used.
    """
    with open_database(home, address) as database:
        yield DefinitionStore(database, clock, actor_kind="command")


def stocked(catalog: ProductStore, given: tuple[Product, ...]) -> tuple[Product, ...]:
    """The products of the store; one that never had any takes over those of the settings."""
    if given and catalog.number() == 0:
        names = [name for name in Product.__dataclass_fields__ if name != "id"]
        fields = [ProductFields(one.id, {n: getattr(one, n) for n in names}) for one in given]
        catalog.merge(fields, by=SYSTEM)
    return tuple(one.product for one in catalog.all())


def _deployment(
    settings: Settings,
    log: SegmentLog,
    snapshots: SnapshotFolder,
    history: HistoryThread,
    books: tuple[ConsentLedger, SpendingBook],
    chores: Chores,
    now: Callable[[], int],
) -> Deployment:
    consents, spending = books

    def flush() -> None:
        consents.flush()
        spending.flush()

    return Deployment(
        log,
        SnapshotsAfterHistory(snapshots, history, flush),
        empty_live(settings),
        now=now,
        history=history,
        chores=chores,
        on_consents=consents.note,
        on_spending=spending.note,
        snapshot_every_ms=settings.snapshot_s * 1_000,
    )


def empty_live(settings: Settings) -> Live:
    """A state before any message."""

    def facts(name: str) -> Facts:
        return read_facts(settings.home / "facts", name)

    return Live(
        Cores(settings.namespace),
        lingering_of_moments,
        facts,
        lateness_ms=settings.lateness_ms,
        shards=settings.shards,
        viewers=settings.expected_viewers,
        currency=settings.currency,
        decider=Decider(settings.zone, settings.namespace),
    )


def _closed(history: HistoryThread) -> None:
    with suppress(LogUnavailable):  # a replay brings it back
        history.close()


def built_in_of(settings: Settings) -> tuple[Definition, ...]:
    """What holds where the shop has changed nothing: of the product, or of the settings' file."""
    if settings.definitions is None:
        return tuple(active_definitions())
    return tuple(active_definitions(read_definitions(settings.definitions)))


def check_together(definitions: Sequence[Definition]) -> None:
    """Refuse definitions that cannot hold beside each other.

    Raises: DefinitionError.
    """
    Cores().new(definitions)


def read_products(path: Path) -> tuple[Product, ...]:
    """The products of a JSON lines file, one object a line.

    Raises: InputError that names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"the products in {path} cannot be read: {problem}") from problem
    products = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = product_of(msgspec.json.decode(line))
        except msgspec.DecodeError as problem:
            raise InputError(f"{path}, line {number}: {problem}") from problem
        if isinstance(found, Rejected):
            raise InputError(f"{path}, line {number}: {found.detail}")
        products.append(found)
    return tuple(products)
