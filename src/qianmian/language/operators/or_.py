"""`a or b`: any of them."""

from collections.abc import Callable

from qianmian.errors import TypeProblem
from qianmian.language.ast import Happened, Node, Or, Select
from qianmian.language.comparing import check_parts, flattened
from qianmian.language.kinds import Kind, joined
from qianmian.language.names import catalog_order
from qianmian.language.operator import Operator, TextOf
from qianmian.language.phrases import Listing, Phrase, phrase
from qianmian.language.relations import Relation, Union


def verify(node: Or) -> None:
    """At least two parts."""
    check_parts(node.parts, "or")


def check(node: Or, kind: Callable[[Node], Kind]) -> Kind:
    """Pulses of one key, or levels without a key, or predicates."""
    kinds = [kind(part) for part in node.parts]
    sorts = {part.sort for part in kinds}
    if len(sorts) > 1:
        raise TypeProblem(
            "or joins an instant with a state; write the event as a state, for example "
            "cart_added this session, or make two definitions"
        )
    keys = {part.key for part in kinds}
    if len(keys) > 1:
        raise TypeProblem(
            "the parts of or have different keys; put on same product (or category) at each part, "
            "or behind the parentheses around the events"
        )
    sort, key = sorts.pop(), keys.pop()
    if sort == "level" and key is not None:
        raise TypeProblem("page views cannot be joined by or; make one definition for each")
    return joined(sort, kinds, key)


def normalize(node: Or) -> Node:
    """Nested ors are one, and so are bare events with the same key."""
    flat = flattened(Or, node.parts)
    if not isinstance(flat, Or):
        return flat
    merged: list[Node] = []
    place_by_key: dict[str | None, int] = {}
    for part in flat.parts:
        if not isinstance(part, Happened) or part.of.where is not None:
            merged.append(part)
        elif part.same not in place_by_key:
            place_by_key[part.same] = len(merged)
            merged.append(part)
        else:
            place = place_by_key[part.same]
            merged[place] = _merged(merged[place], part)
    return merged[0] if len(merged) == 1 else Or(tuple(merged))


def _merged(kept: Node, added: Happened) -> Node:
    if not isinstance(kept, Happened):  # pragma: no cover - only events are remembered
        return kept
    return Happened(Select(catalog_order((*kept.of.types, *added.of.types))), added.same)


def show(node: Or, text: TextOf) -> str:
    """`and` binds closer, so nothing needs parentheses."""
    return " or ".join(text(part) for part in node.parts)


def sentence(node: Or) -> Phrase:
    """Any part."""
    return phrase("or", parts=Listing(node.parts, "or"))


def plan(node: Or, part: Callable[[Node], Relation]) -> Relation:
    """Union."""
    return Union(tuple(part(one) for one in node.parts))


OPERATOR = Operator(
    name="or",
    node=Or,
    forms=(("parts", "nodes"),),
    show=show,
    sentence=sentence,
    plan=plan,
    check=check,
    verify=verify,
    normalize=normalize,
)
