"""A strategy tried on a recorded session of a home, also beside a server that runs there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from qianmian.bootstrap.installation import (
    built_in_of,
    empty_live,
    open_database,
    open_versions,
)
from qianmian.bootstrap.past import products_of
from qianmian.bootstrap.strategies import strategies_of
from qianmian.errors import NotThere
from qianmian.language.definition import Definition
from qianmian.runtime.definition_versions import active_definitions_of
from qianmian.runtime.ports import Advance
from qianmian.runtime.strategy_file import read_strategies
from qianmian.runtime.trial import Given, Recorded, Trial, try_strategy
from qianmian.settings import Settings
from qianmian.storage.recorded_sessions import recorded_sessions
from qianmian.storage.segment_reader import SegmentReader
from qianmian.storage.sql.strategies import StrategyStore
from qianmian.strategies.strategy import Strategies, Strategy


def session_in(settings: Settings, room: str, session: str | None) -> Recorded:
    """A session of a room, by default its newest.

    Raises: NotThere, which names the newest that there are; LogProblem.
    """
    found = recorded_sessions(settings.home / "history", room=room)
    for one in found:
        if session in (None, one.session):
            return one
    there = ", ".join(one.session for one in found[:5]) or "none"
    raise NotThere(f'room "{room}" has no such session; recorded, newest first: {there}')


def session_called(settings: Settings, session: str, room: str | None) -> Recorded:
    """A session by its name.

    Raises: NotThere for none, and where several rooms have one of this name and none is said;
        LogProblem.
    """
    found = recorded_sessions(settings.home / "history", room=room)
    named = [one for one in found if one.session == session]
    if len(named) == 1:
        return named[0]
    if named:
        rooms = ", ".join(one.room for one in named)
        raise NotThere(f'several rooms have a session "{session}": {rooms}; say which with --room')
    there = ", ".join(one.session for one in found[:5]) or "none"
    raise NotThere(f'there is no session "{session}"; recorded, newest first: {there}')


def try_in_home(
    settings: Settings,
    key: str,
    session: Recorded,
    *,
    file: Path | None = None,
    version: int | None = None,
    advance: Advance,
) -> Trial:
    """What a strategy of a home, or of a file, would have done in a session.

    Args:
        file: where it is written; None: in the database, else in the settings' file.
        version: None: the newest, which may be a draft.

    Raises: NotThere; InputError, DefinitionError for a strategy that could not run; LogProblem.
    """
    with open_versions(settings.home, lambda: 0, settings.database) as versions:
        active = active_definitions_of(built_in_of(settings), versions.all(), settings.zone)
    with open_database(settings.home, settings.database) as database:
        kept = StrategyStore(database, lambda: 0).read()
    in_force = strategies_of(settings, active, kept)
    given = Strategies() if file is None else read_strategies(file, active, settings.minors)
    written = [*given.strategies, *reversed([one.strategy for one in kept.versions])]
    strategy = _named([*written, *in_force.base.strategies], key, version)
    mine = {one.key for one in given.offers}
    offers = (*given.offers, *(one for one in in_force.rules.offers if one.key not in mine))
    now = msgspec.structs.replace(in_force.rules, offers=offers)

    def watch(definitions: Sequence[Definition]) -> Definition:
        return in_force.check(strategy, definitions, offers)

    watch(active)  # what is wrong with it is told before the log is read
    watched = (*active, *in_force.watched(active))
    return try_strategy(
        empty_live(settings),
        SegmentReader(settings.home / "log"),
        Given(strategy, watch, now, watched, products_of(settings)),
        session,
        advance=advance,
    )


def _named(written: Sequence[Strategy], key: str, version: int | None) -> Strategy:
    for one in written:
        if one.key == key and version in (None, one.version):
            return one
    keys = ", ".join(sorted({one.key for one in written})) or "none"
    raise NotThere(f'there is no strategy "{key}" in this version; there are: {keys}')
