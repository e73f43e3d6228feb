"""Which version of a strategy is meant, where somebody asks for the effect of "it"."""

from __future__ import annotations

from collections.abc import Iterable

from qianmian.errors import NotThere
from qianmian.strategies.modes import IN_FORCE, StrategyVersion
from qianmian.strategies.strategy import Strategy


def measured(
    key: str, versions: Iterable[StrategyVersion], of_file: Strategy | None, version: int | None
) -> Strategy:
    """The version that is named; else the one in force, the newest that was, the newest there is.

    Args:
        versions: of the database, newest first.

    Raises: NotThere.
    """
    known = [(one.mode, one.strategy) for one in versions]
    known += [] if of_file is None else [(of_file.mode, of_file)]
    if version is not None:
        known = [(mode, one) for mode, one in known if one.version == version]
    if not known:
        raise NotThere(f'the strategy "{key}" has no version {version}')
    in_order = sorted(known, key=lambda one: (one[0] not in IN_FORCE, one[0] != "ended"))
    return in_order[0][1]
