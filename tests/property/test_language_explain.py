"""What explains a firing is what the oracle fired it for."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qianmian.language.ast import Node
from qianmian.language.definition import Definition
from qianmian.language.explain import because
from qianmian.language.rows import Known, Row
from qianmian.language.text import show
from qianmian.vocabulary.events import event_type
from tests.oracle.run import Message, run
from tests.strategies import expressions, viewer_rows

MOMENTS = expressions(short=True, attributes=False, rooms=False)


def message_of(row: Row) -> Message:
    """The row as a message of its own."""
    event: dict[str, Any] = {
        "type": row.type,
        "room": "r",
        "message_id": row.message_id,
        "event_time": row.event_time,
        **{"classes" if name == "class" else name: held for name, held in row.fields.items()},
    }
    if event_type(row.type).scope != "room":
        event["viewer"] = "v"
    if len(row.products) > 1:
        pairs = zip(row.products, row.categories, strict=True)
        event["items"] = [{"product": product, "category": kind} for product, kind in pairs]
    else:
        event |= {"product": row.products[0]} if row.products else {}
        event["category"] = row.categories[0]
    return (row.clock, [event])


@given(MOMENTS, viewer_rows(), st.booleans())
@settings(max_examples=max(100, settings().max_examples))
def test_because_names_the_events_of_the_firing(
    node: Node, rows: list[Row], presence: bool
) -> None:
    if not rows:
        return
    definition = Definition("it", "moment", node, again_after_ms=1)
    result = run(
        [definition],
        [message_of(row) for row in rows],
        presence=presence,
        session_timeout=False,
        finish_at=rows[-1].clock + 20_000,
    )
    assume(not result.overflow)
    known = Known(presence_none=not presence)
    in_room = [with_room(row) for row in rows]
    for firing in result.firings:
        found = because(definition, in_room, firing.at, firing.key, known)
        assert found == firing.because, (show(node), firing)


def with_room(row: Row) -> Row:
    """The row with the name of its room, as applied rows have it."""
    return Row(
        row.message_id,
        row.event_time,
        row.arrival_order,
        row.clock,
        row.type,
        row.products,
        row.categories,
        {**row.fields, "room": "r"},
    )
