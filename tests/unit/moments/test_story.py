from __future__ import annotations

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError, UnknownName
from qianmian.language.story import START_MS
from qianmian.moments.definition import Example
from qianmian.moments.story import end_of, instants_of, rows_of

BITS = {"doubt": 0, "price_question": 1}


def story(*timeline: str) -> Example:
    return Example("a story", timeline, until="2m", fires=("90s", "2m"))


def test_a_line_is_a_row_with_what_its_type_needs() -> None:
    rows = rows_of(
        story(
            "0s room_entered", "1m30s order_paid product=p1 amount=5 viewer=w", "2m promo_started"
        ),
        BITS,
    )
    assert rows[0] == {
        "clock": START_MS,
        "type": "room_entered",
        "message_id": "e0",
        "room": "r1",
        "viewer": "v1",
    }
    assert rows[1]["clock"] == START_MS + 90_000
    assert (rows[1]["order_id"], rows[1]["amount"], rows[1]["viewer"]) == ("order_id-1", 5, "w")
    assert rows[1]["verified"] == 1
    assert "viewer" not in rows[2]
    assert len(EventBatch.from_rows(rows)) == 3


def test_text_classes_and_yes_or_no_are_numbers() -> None:
    rows = rows_of(story("0s comment_sent class=price_question", "1s heartbeat visible=true"), BITS)
    assert rows[0]["classes"] == 2
    assert rows[1]["visible"] == 1


def test_instants_are_durations_since_the_start() -> None:
    assert instants_of(story()) == (START_MS + 90_000, START_MS + 120_000)
    assert end_of(story()) == START_MS + 120_000


@pytest.mark.parametrize(
    ("line", "error"),
    [("0s lked", UnknownName), ("0s liked product", InputError), ("0s liked colour=1", InputError)],
)
def test_a_line_that_cannot_be_read_is_told(line: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        rows_of(story(line), BITS)
