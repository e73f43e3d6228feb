"""What is meant by a question about an effect: which version, and by which tags and segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, zip_longest

from qianmian.errors import DefinitionError, InputError, NotThere, UnknownName
from qianmian.language.ast import InSegment, Node, Number
from qianmian.language.definition import FIRING_KINDS, Definition
from qianmian.language.parse import parse
from qianmian.runtime.evidence import named_below
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


def levels_near(strategy: Strategy, definitions: Sequence[Definition]) -> list[str]:
    """Tags and segments by which the effect of a strategy is worth telling, the nearest first.

    First those that it names, also through others; then segments and tags in turn. The segments
    that it is for are left out: everybody is in them. So are tags that are numbers.
    """
    mine = [one for one in definitions if one.kind in ("segment", "tag")]
    near = levels_of(strategy, definitions)
    named = {one.key for one in near}
    others = [[one for one in mine if one.kind == kind and one.key not in named]
              for kind in ("segment", "tag")]  # fmt: skip
    in_turn = (one for one in chain.from_iterable(zip_longest(*others)) if one is not None)
    every = (one for one in chain(near, in_turn) if one.key not in strategy.whom)
    return [one.key for one in every if not isinstance(one.expr, Number)]


def levels_of(strategy: Strategy, definitions: Sequence[Definition]) -> list[Definition]:
    """The tags and segments that a strategy names, also through others."""
    mine = [one for one in definitions if one.kind in ("segment", "tag")]
    named = {one.key for expr in _exprs(strategy, definitions) for one in named_below(expr, mine)}
    return [one for one in mine if one.key in named]


def _exprs(strategy: Strategy, definitions: Sequence[Definition]) -> Iterator[Node]:
    """What a strategy waits for."""
    yield from (
        one.expr for one in definitions if one.kind == "moment" and one.key == strategy.moment
    )
    yield from (InSegment(key) for key in strategy.whom)
    with suppress(DefinitionError):  # what cannot be read names nothing
        if strategy.conditions.strip():
            yield parse(strategy.conditions)
