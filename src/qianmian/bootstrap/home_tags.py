"""Which tags of a home are worth keeping, also beside a server that runs there.

Apart from `tag_health`, because a server starts without the reader of history.
"""

from __future__ import annotations

from qianmian.bootstrap.catalogs import load_tags
from qianmian.bootstrap.installation import built_in_of, open_database, open_versions
from qianmian.bootstrap.past import open_history
from qianmian.bootstrap.strategies import strategies_of
from qianmian.bootstrap.tag_health import health_of_tags, strategies_with, tags_asked
from qianmian.language.definition import FIRING_KINDS
from qianmian.runtime.definition_versions import active_definitions_of
from qianmian.settings import Settings
from qianmian.storage.history_reader.answers import Definitions
from qianmian.storage.history_reader.tag_standing import tag_standings
from qianmian.storage.sql.strategies import StrategyStore
from qianmian.strategies.modes import running
from qianmian.tags.health import TagHealth


def tags_of_home(settings: Settings) -> list[TagHealth]:
    """Every tag of a home.

    Raises: InputError, DefinitionError for a file that cannot be used; LogProblem; HistoryTooLarge.
    """
    with open_versions(settings.home, lambda: 0, settings.database) as versions:
        active = active_definitions_of(built_in_of(settings), versions.all(), settings.zone)
    with open_database(settings.home, settings.database) as database:
        kept = StrategyStore(database, lambda: 0).read()
    base = strategies_of(settings, active, kept).base
    tags = load_tags()
    levels = {(one.kind, one.key): one.expr for one in active if one.kind not in FIRING_KINDS}
    asked = tags_asked(tags, active, settings.zone)
    with open_history(settings) as reader:
        found = tag_standings(reader, asked, definitions=Definitions(levels))
    used = strategies_with(running(base, kept.versions), active)
    return health_of_tags(found, tags, active, used)
