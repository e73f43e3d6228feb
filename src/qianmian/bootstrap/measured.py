"""Which version of a strategy is meant, where somebody asks for the effect of "it"."""

from __future__ import annotations

from collections.abc import Iterable

from qianmian.errors import NotThere
from qianmian.strategies.modes import IN_FORCE, StrategyVersion
from qianmian.strategies.strategy import Strategy


def measured(
    key: str, versions: Iterable[StrategyVersion], of_file: Strategy | None, version: int | None
) -> Strategy:
    """The version that is named; else the one in force, else the newest that ever was.

    Args:
        versions: of the database, newest first.

    Raises: NotThere.
    """
    known = [(one.mode, one.strategy) for one in versions]
    known += [] if of_file is None else [(of_file.mode, of_file)]
    if version is not None:
        named = [one for _, one in known if one.version == version]
    else:
        named = [one for mode, one in known if mode in IN_FORCE]
        named += [one for mode, one in known if mode == "ended"]
    if not named:
        what = "has not decided yet" if version is None else f"has no version {version}"
        raise NotThere(f'the strategy "{key}" {what}')
    return named[0]
