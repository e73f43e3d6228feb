"""Whether there is evidence enough to say that a level does not hold.

A level is true or false of everybody: what nobody told makes a comparison false. People who make a
tag want to know of how many that false means no, and of how many only that nobody knows. `perhaps`
is true for whom the level could hold if what is unknown were known: who is in it and not in the
level is of insufficient evidence.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from qianmian.language.ast import And, Node, Not, Number, Or, Tag, TagNumber, Trait
from qianmian.language.numbers import meaning
from qianmian.vocabulary.values import MAX_INT

NONE: Final[Mapping[str, str]] = MappingProxyType({})
_LEAST: Final = 1 - MAX_INT  # no number that is told is below it


def perhaps(node: Node, enough: Mapping[str, str] = NONE) -> Node:
    """A level that also holds where what it asks for is unknown.

    Args:
        enough: by the key of a tag that of the tag which says that there is enough evidence about
            it, as `gender_enough` for `gender_female`.

    Cost: O(parts of the expression).
    """
    match node:
        case Trait(name):
            return Or((node, Not(told(name))))
        case Tag(key):
            return Or((node, Not(Tag(enough[key])))) if key in enough else node
        case TagNumber(key):
            return Or((node, Not(Tag(key))))
        case Number():
            return perhaps(meaning(node), enough)
        case And(parts):
            return And(tuple(perhaps(part, enough) for part in parts))
        case Or(parts):
            return Or(tuple(perhaps(part, enough) for part in parts))
        case Not(part):
            return Not(_surely(part, enough))
    return node


def told(trait: str) -> Node:
    """That anything at all was told of a trait."""
    return Or(
        (
            Trait(trait, "!=", ""),
            Trait(trait, ">=", _LEAST),
            Trait(trait, "==", value=True),
            Trait(trait, "==", value=False),
        )
    )


def _surely(node: Node, enough: Mapping[str, str]) -> Node:
    """A level that holds only where it would whatever is unknown; a comparison needs to know."""
    match node:
        case And(parts):
            return And(tuple(_surely(part, enough) for part in parts))
        case Or(parts):
            return Or(tuple(_surely(part, enough) for part in parts))
        case Not(part):
            return Not(perhaps(part, enough))
    return node
