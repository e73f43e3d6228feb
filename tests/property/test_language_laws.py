"""Laws of the language: text and JSON keep every expression, the normal form is one."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from qianmian.errors import DefinitionError
from qianmian.language.ast import Node, walk
from qianmian.language.catalog import operators_by_name
from qianmian.language.codec import (
    definition_document,
    document,
    from_json,
    read_definition,
    read_document,
    to_json,
)
from qianmian.language.definition import Definition
from qianmian.language.normalize import normalize
from qianmian.language.parse import parse, parse_definition
from qianmian.language.sentence import said
from qianmian.language.text import show, show_definition
from qianmian.language.types import check, check_definition, warnings
from qianmian.locales.texts import LOCALES
from tests.strategies import definitions, expressions

BITS = tuple(
    """count distinct sum first last time_since within for without then and or not no on same
    product category room visit session this ever idle visible previous ago tag trait in segment
    order_paid product_viewed cart_added where class has doubt amount >= == . , 60s 3 \u00a5500 "x"
    score 0.7 true wait again after visit_started ( ( ( ) ) )""".split()
)


def outcome(read: Callable[[], Node]) -> Node | DefinitionError:
    """What was read, or the error that says why not; any other error fails the test."""
    try:
        return read()
    except DefinitionError as problem:
        return problem


def exact(node: Node) -> str:
    """A form in which 1, 1.0 and true differ, unlike under ==."""
    return repr(node)


@given(expressions(all_events=True))
@settings(max_examples=100, deadline=None)
def test_the_text_of_an_expression_is_read_back_as_the_same_expression(node: Node) -> None:
    assert exact(parse(show(node))) == exact(node)


@given(expressions(all_events=True))
@settings(max_examples=150, deadline=None)
def test_the_json_of_an_expression_is_read_back_as_the_same_expression(node: Node) -> None:
    through_text = json.loads(json.dumps(to_json(node), allow_nan=False))
    assert exact(from_json(through_text)) == exact(node)
    assert exact(read_document(json.loads(json.dumps(document(node))))) == exact(node)


@given(expressions())
@settings(max_examples=100, deadline=None)
def test_the_normal_form_is_its_own_normal_form(node: Node) -> None:
    assert exact(normalize(node)) == exact(node)


@given(expressions())
@settings(max_examples=100, deadline=None)
def test_every_drawn_expression_has_a_kind_that_can_trigger(node: Node) -> None:
    kind = check(node)
    assert kind.sort in ("pulse", "level")
    assert kind.triggers
    assert all(said(one, locale) for one in warnings(node) for locale in LOCALES)


@given(definitions())
@settings(max_examples=100, deadline=None)
def test_definitions_survive_text_and_json(definition: Definition) -> None:
    check_definition(definition)
    text = show_definition(definition)
    again = parse_definition(definition.key, text, definition.kind, definition.version)
    assert again == definition
    assert read_definition(json.loads(json.dumps(definition_document(definition)))) == definition


@given(st.lists(st.sampled_from(BITS), max_size=30).map(" ".join))
@settings(max_examples=300, deadline=None)
def test_any_row_of_words_is_an_expression_or_a_definition_error(text: str) -> None:
    found = outcome(lambda: parse(text))
    if isinstance(found, Node):
        assert parse(show(found)) == found
    else:
        position = found.params.get("position")
        assert isinstance(position, int)
        assert 0 <= position <= len(text)


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_is_an_expression_or_a_definition_error(text: str) -> None:
    found = outcome(lambda: parse(text))
    assert isinstance(found, Node) or found.message


JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("op", "of", "types", "parts", "part", "x")), inner),
    ),
    max_leaves=8,
)


@given(expressions(), JSONS, st.data())
@settings(max_examples=150, deadline=None)
def test_a_json_form_with_one_value_replaced_is_an_expression_or_a_definition_error(
    node: Node, junk: object, data: st.DataObject
) -> None:
    form = to_json(node)
    place: object = form
    while isinstance(place, dict | list) and place:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = junk
            break
        place = place[key]
    found = outcome(lambda: from_json(form))
    if isinstance(found, Node):
        assert exact(from_json(to_json(found))) == exact(found)
    else:
        assert "$" in found.message


def test_the_strategy_draws_every_operator() -> None:
    drawn: set[str] = set()

    whole = st.one_of(expressions(), definitions().map(lambda one: one.expr))

    @given(st.lists(whole, min_size=8, max_size=8))
    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    def collect(nodes: list[Node]) -> None:
        drawn.update(type(below).__name__ for node in nodes for below in walk(node))

    collect()
    assert drawn == {operator.node.__name__ for operator in operators_by_name().values()}
