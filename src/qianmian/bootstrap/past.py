"""What an installation has in its history, opened for reading beside a server that runs.

Nothing here is imported by the server: DuckDB and SQLGlot take a third of a second to load.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qianmian.bootstrap.installation import (
    SECRET_FILE,
    built_in_of,
    open_database,
    open_versions,
    read_products,
)
from qianmian.bootstrap.persons import requests_of
from qianmian.columns.facts import Facts
from qianmian.language.definition import FIRING_KINDS
from qianmian.runtime.definition_versions import active_definitions_of
from qianmian.runtime.fact_files import name_newest, write_facts
from qianmian.settings import Settings
from qianmian.storage.history_reader.answers import Definitions
from qianmian.storage.history_reader.days import day_begin
from qianmian.storage.history_reader.facts_build import build_facts
from qianmian.storage.history_reader.profiles_build import build_profiles
from qianmian.storage.history_reader.reader import HistoryReader
from qianmian.storage.secret_file import read_or_make
from qianmian.storage.sql.products import ProductStore
from qianmian.strategies.minors import minor_guards
from qianmian.vocabulary.product import Product


@dataclass(frozen=True, slots=True)
class Built:
    """A build of facts and profiles: their files, and what is in the facts."""

    path: Path
    profiles: Path
    hash: str
    boundary_ms: int
    viewers: int
    columns: tuple[str, ...]


@contextmanager
def open_history(settings: Settings) -> Iterator[HistoryReader]:
    """The history of a home, for reading.

    Raises: LogProblem, HistoryTooLarge.
    """
    reader = HistoryReader(
        settings.home / "history",
        zone=settings.zone,
        products=products_of(settings),
        origins=True,
        shop=settings.namespace,
    )
    try:
        yield reader
    finally:
        reader.close()


def products_of(settings: Settings) -> Sequence[Product]:
    """What the shop sells: as its people keep it, else as the settings name it."""
    with open_database(settings.home, settings.database) as database:
        held = ProductStore(database, lambda: 0, settings.currency).all()
    if held or settings.products is None:
        return [one.product for one in held]
    return read_products(settings.products)


def build_facts_of(settings: Settings, now_ms: int) -> Built:
    """Build the facts that the definitions of a home ask for, and the profiles of everybody.

    Both are as of the beginning of the day that `now_ms` is in.

    Raises: DefinitionError for what history cannot say; LogProblem; OperationalError when the
        database cannot be used or the memory is not enough; OSError when the file cannot be
        written.
    """
    with open_versions(settings.home, lambda: now_ms, settings.database) as versions:
        definitions = active_definitions_of(built_in_of(settings), versions.all(), settings.zone)
    asked = [*(one.expr for one in definitions), *minor_guards(settings.minors)]
    levels = Definitions(
        {(one.kind, one.key): one.expr for one in definitions if one.kind not in FIRING_KINDS}
    )
    boundary_ms = day_begin(now_ms, settings.zone)
    with open_history(settings) as reader:
        data = build_facts(
            reader,
            asked,
            boundary_ms,
            definitions=levels,
            namespace=settings.namespace,
        )
        profiles = build_profiles(
            reader, boundary_ms, settings.home / "profiles", namespace=settings.namespace
        )
    data = _without_erased(settings, data, now_ms)
    path = write_facts(settings.home / "facts", data)
    facts = Facts(data)
    name_newest(settings.home / "facts", facts.hash)
    return Built(path, profiles, facts.hash, boundary_ms, len(facts), facts.columns)


def _without_erased(settings: Settings, data: bytes, now_ms: int) -> bytes:
    """The build without whoever was erased while it was made from what history had before."""
    secret = read_or_make(settings.home / SECRET_FILE)
    with open_database(settings.home, settings.database) as database:
        _, refusals = requests_of(database, lambda: now_ms, secret, settings.namespace)
    gone = {one for one in Facts(data).names() if refusals.has(one)} if len(refusals) else set()
    return (Facts(data).without(gone) if gone else None) or data
