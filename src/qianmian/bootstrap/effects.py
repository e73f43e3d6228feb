"""Effects of the strategies of a home, also beside a server that runs there."""

from __future__ import annotations

from qianmian.bootstrap.installation import built_in_of, open_database, open_versions
from qianmian.bootstrap.measured import measured
from qianmian.bootstrap.past import open_history
from qianmian.bootstrap.strategies import strategies_of
from qianmian.errors import NotThere
from qianmian.experiments.strategy_effect import StrategyEffect
from qianmian.runtime.definition_versions import active_definitions_of
from qianmian.settings import Settings
from qianmian.storage.history_reader.effects import effect_in_history
from qianmian.storage.sql.strategies import StrategyStore
from qianmian.strategies.strategy import Strategy


def effects_of_home(
    settings: Settings, key: str | None, version: int | None
) -> list[tuple[Strategy, StrategyEffect]]:
    """The effect of one strategy, or of every one that decides or ever has, by key.

    Args:
        key: None: all that have decided.
        version: None: the one in force, else the newest that was.

    Raises: NotThere; InputError, DefinitionError for a file that cannot be used; LogProblem.
    """
    with open_versions(settings.home, lambda: 0, settings.database) as versions:
        active = active_definitions_of(built_in_of(settings), versions.all(), settings.zone)
    with open_database(settings.home, settings.database) as database:
        kept = StrategyStore(database, lambda: 0).read()
    of_file = {one.key: one for one in strategies_of(settings, active, kept).base.strategies}
    keys = sorted(of_file.keys() | {one.key for one in kept.versions})
    if key is not None and key not in keys:
        raise NotThere(f'there is no strategy "{key}"; there are: {", ".join(keys) or "none"}')
    wanted = [
        measured(
            one, [each for each in reversed(kept.versions) if each.key == one],
            of_file.get(one), version,
        )
        for one in (keys if key is None else [key])
    ]  # fmt: skip
    with open_history(settings) as reader:
        found = [(one, effect_in_history(reader, one, settings.currency)) for one in wanted]
    return [(of, one) for of, one in found if key is not None or one.has_decided]
