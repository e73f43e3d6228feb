"""The rule about minors as conditions: whom strategies, and lists of people, leave out by age.

It is `vocabulary.minors.may_profile` in the words of the engine, so that it is judged with the
traits that were known at the instant of the firing.
"""

from __future__ import annotations

from typing import Final

from qianmian.language.ast import And, Node, Not, Or, Trait
from qianmian.vocabulary.minors import ADULT_AGE, BAND_TRAITS, MinorsMode, minor_bands

_ADULT: Final = (
    Trait("minor", "==", value=False),
    Trait("age", ">=", ADULT_AGE),
    *(Trait(name, "!=", "") for name in BAND_TRAITS),
)


def minor_guards(mode: MinorsMode) -> list[Node]:
    """What must hold of everybody whom a strategy of this shop concerns, and of who is named."""
    if mode == "off":
        return []
    bands = tuple(sorted(minor_bands()))
    by_band = (Trait(name, "in", bands) for name in BAND_TRAITS)
    is_minor = Or((Trait("minor", "==", value=True), Trait("age", "<", ADULT_AGE), *by_band))
    guards: list[Node] = [Not(is_minor)]
    if mode == "strict":
        guards.append(Or(_ADULT))
    return guards


def without_minor_guards(node: Node, mode: MinorsMode) -> tuple[Node, bool]:
    """A condition of a strategy without the rule about minors, and whether it was there.

    The rule names every band that means a minor; people want to read that there is one.
    """
    if not isinstance(node, And):
        return node, False
    rule = minor_guards(mode)
    left = tuple(one for one in node.parts if one not in rule)
    if len(left) == len(node.parts) or not left:
        return node, False
    return (left[0] if len(left) == 1 else And(left)), True


def named_in_lists(mode: MinorsMode) -> Node | None:
    """What holds of everybody who may be named in a list of people; None: everybody may."""
    guards = minor_guards(mode)
    return And(tuple(guards)) if len(guards) > 1 else next(iter(guards), None)
