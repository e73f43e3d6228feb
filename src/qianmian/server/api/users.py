"""Who uses a definition or a list: the strategies that name it, beside other definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from qianmian.errors import DefinitionError
from qianmian.language.ast import InList, walk
from qianmian.language.parse import parse
from qianmian.runtime.definition_versions import Place, named
from qianmian.server.api.definition_models import UserModel
from qianmian.server.api.strategies import names_of
from qianmian.server.site import Site
from qianmian.server.strategy_desk import StrategyEntry
from qianmian.strategies.strategy import Strategy

Users = Mapping[Place, list[UserModel]]


async def strategies_using(site: Site) -> Users:
    """The strategies that decide, are paused or wait for approval, by what they name."""
    found: dict[Place, list[UserModel]] = {}
    for entry in await site.strategies.entries():
        for place in sorted({place for one in _meant(entry) for place in places_of(one)}):
            newest = entry.versions[0].strategy if entry.versions else entry.of_file
            user = UserModel(kind="strategy", key=entry.key, names=names_of(newest, entry.key))
            found.setdefault(place, []).append(user)
    return found


def places_of(strategy: Strategy) -> frozenset[Place]:
    """The moment, segments, tags and lists that a strategy names, by kind and key."""
    found: set[Place] = {("segment", key) for key in strategy.whom}
    if strategy.moment:
        found.add(("moment", strategy.moment))
    try:
        parts = list(walk(parse(strategy.conditions))) if strategy.conditions.strip() else []
    except DefinitionError:  # of another release; it does not run, and its page says why
        parts = []
    found |= {place for part in parts if (place := named(part))}
    return frozenset(found | {("list", part.key) for part in parts if isinstance(part, InList)})


def _meant(entry: StrategyEntry) -> Iterator[Strategy]:
    for version in (entry.in_force, entry.version("approval")):
        if version is not None:
            yield version.strategy
    is_of_file = entry.in_force is None and entry.version("ended") is None
    if entry.of_file is not None and is_of_file:
        yield entry.of_file
