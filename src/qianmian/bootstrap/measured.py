"""What is meant by a question about an effect: which version, and by which tags and segments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from qianmian.errors import InputError, NotThere, UnknownName
from qianmian.language.ast import Node, Number
from qianmian.language.definition import FIRING_KINDS, Definition
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


def levels_asked(by: Iterable[str], definitions: Iterable[Definition]) -> Mapping[str, Node]:
    """The tags and segments of these keys.

    Raises: UnknownName; InputError for a tag that is a number: it divides nobody.
    """
    held = {one.key: one.expr for one in definitions if one.kind not in FIRING_KINDS}
    for one in by:
        if one not in held:
            raise UnknownName.of("tag or segment", one, held)
        if isinstance(held[one], Number):
            raise InputError(f'the tag "{one}" is a number; name a segment that compares it')
    return {one: held[one] for one in by}
