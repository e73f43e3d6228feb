"""`a and b`: all of them."""

from collections.abc import Callable
from dataclasses import replace

from qianmian.errors import TypeProblem
from qianmian.language.ast import KEYS, And, Happened, Node, Or, walk
from qianmian.language.comparing import check_parts, flattened
from qianmian.language.kinds import Kind, joined
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Listing, Phrase, phrase
from qianmian.language.relations import Guarded, Intersect, Relation, is_instant
from qianmian.language.room_events import is_guard, key_wanted


def verify(node: And) -> None:
    """At least two parts."""
    check_parts(node.parts, "and")


def check(node: And, kind: Callable[[Node], Kind]) -> Kind:
    """At most one pulse and any number of levels; at most one part has a key."""
    kinds = [kind(part) for part in node.parts]
    sorts = [part.sort for part in kinds]
    if "predicate" in sorts:
        if set(sorts) != {"predicate"}:
            raise TypeProblem("a predicate of an event belongs behind where")
        return joined("predicate", kinds)
    if sorts.count("pulse") > 1:
        raise TypeProblem(
            "and joins two instants, which never fall together; keep one of them and write the "
            "other as a state, for example cart_added this session"
        )
    keys = [part.key for part in kinds if part.key is not None]
    if len(keys) > 1:
        raise TypeProblem(
            "two parts are correlated; keep on same product (or category) at the one that fires"
        )
    return joined("pulse" if "pulse" in sorts else "level", kinds, keys[0] if keys else None)


def normalize(node: And) -> Node:
    """Nested ands are one; a bare event takes the key that a guard over the room asks for."""
    flat = flattened(And, node.parts)
    wanted = {key_wanted(below) for below in walk(flat)} & set(KEYS)
    keyed = any(getattr(b, "same", None) in KEYS and not is_guard(b) for b in walk(flat))
    if not isinstance(flat, And) or len(wanted) != 1 or keyed:
        return flat
    key = wanted.pop()
    return And(
        tuple(
            replace(part, same=key) if isinstance(part, Happened) and part.same is None else part
            for part in flat.parts
        )
    )


def show(node: And, text: TextOf) -> str:
    """Alternatives stand in parentheses."""
    return " and ".join(
        f"({text(part)})" if isinstance(part, Or) else text(part) for part in node.parts
    )


def sentence(node: And) -> Phrase:
    """All parts."""
    return phrase("and", parts=Listing(node.parts, "and"))


def plan(node: And, part: Callable[[Node], Relation]) -> Relation:
    """Intersection; a pulse is guarded by the levels."""
    planned = [part(one) for one in node.parts]
    pulses = [one for one in planned if is_instant(one)]
    levels = tuple(one for one in planned if not is_instant(one))
    if not pulses:
        return Intersect(levels)
    return Guarded(pulses[0], levels[0] if len(levels) == 1 else Intersect(levels))


OPERATOR = Operator(
    name="and",
    node=And,
    forms=(("parts", "nodes"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    normalize=normalize,
)
