"""The room board, and the numbers that guards may read."""

from __future__ import annotations

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.language.parse import parse_definition
from qianmian.vocabulary.product import Product

Row = dict[str, object]


def event(clock: int, kind: str, viewer: str | None = "u", **fields: object) -> Row:
    row: Row = {"clock": clock, "type": kind, "room": "r", **fields}
    return row if viewer is None else {**row, "viewer": viewer}


def paid(clock: int, viewer: str, order: str, amount: int, **fields: object) -> Row:
    return event(clock, "order_paid", viewer, order_id=order, amount=amount, product="p", **fields)


ROWS = [
    event(0, "session_started", None, session="tonight"),
    event(100, "product_viewed", "a", product="p"),
    event(200, "product_viewed", "b", product="p"),
    event(300, "product_viewed", "b", product="q"),
    event(400, "cart_added", "b", product="p"),
    paid(500, "b", "o1", 5_000),
    paid(600, "b", "o1", 5_000),
    paid(700, "a", "o2", 900, verified=0),  # hints of a browser: they count for nothing
    event(720, "order_created", "a", order_id="o3", product="p", verified=0),
    event(740, "order_refunded", "b", order_id="o1", refund_id="w", amount=300, verified=0),
    event(800, "order_refunded", "b", order_id="o1", refund_id="x", amount=1_000),
]


def test_the_board_counts_people_money_and_products() -> None:
    hot = parse_definition("carted", "cart_added")
    core = Core([hot], products=[Product("q", stock=0)])
    core.run(EventBatch.from_rows(ROWS))
    board = core.board("r")
    assert (board.session, board.at, board.online) == ("tonight", 800, 2)
    assert board.funnel["product_viewed"] == 2
    assert (board.funnel["order_created"], board.funnel["order_paid"]) == (0, 1)
    assert (board.gmv_minor, board.refunds_minor, board.orders) == (5_000, 1_000, 1)
    assert board.orders_per_min == 1
    assert board.hot_products == (("p", 17),)
    assert board.firings_by_moment == {"carted": 1}


def test_a_person_who_signs_in_is_counted_once_in_the_funnel() -> None:
    """Two devices of one person, who had been here before as a third."""
    rows = [
        event(0, "session_started", None, session="tonight"),
        *(event(100 + n, "product_viewed", None, anonymous_id=f"x{n}", product="p")
          for n in range(3)),
        event(200, "product_viewed", "a", product="p"),
        {"clock": 300, "type": "identity_linked", "anonymous_id": "x0", "viewer": "a"},
        {"clock": 300, "type": "identity_linked", "anonymous_id": "x1", "viewer": "a"},
        {"clock": 301, "type": "identity_linked", "anonymous_id": "x1", "viewer": "b"},
        event(400, "cart_added", None, anonymous_id="x1", product="p"),
        event(500, "cart_added", "a", product="p"),
    ]  # fmt: skip
    core = Core([parse_definition("carted", "cart_added")])
    core.run(EventBatch.from_rows(rows))
    board = core.board("r")
    assert (board.online, board.funnel["product_viewed"], board.funnel["cart_added"]) == (2, 2, 1)


def test_online_falls_when_silence_shows_that_people_left() -> None:
    core = Core([parse_definition("carted", "cart_added")])
    core.run(EventBatch.from_rows(ROWS))
    core.advance(60_000)
    assert core.board("r").online == 0


def test_the_board_does_not_depend_on_shards_or_on_a_restore() -> None:
    one = Core([parse_definition("carted", "cart_added")])
    one.run(EventBatch.from_rows(ROWS))
    five = Core([parse_definition("carted", "cart_added")], shards=5)
    five.run(EventBatch.from_rows(ROWS[:4]))
    five = Core.restore(five.snapshot())
    five.run(EventBatch.from_rows(ROWS[4:]))
    assert five.board("r") == one.board("r")


def test_a_guard_reads_the_number_of_the_last_whole_second() -> None:
    crowded = parse_definition("crowded", "liked and room.online >= 2")
    rows = [
        event(0, "room_entered", "a"),
        event(100, "room_entered", "b"),
        event(900, "liked", "a"),  # the first whole second has not passed: nothing is known yet
        event(1_001, "liked", "b"),
        event(1_002, "liked", "a"),
    ]
    core = Core([crowded])
    fired = core.run(EventBatch.from_rows(rows))
    assert [(f.at, f.viewer) for f in fired] == [(1_001, "b"), (1_002, "a")]
    single = Core([crowded])
    often = [f for row in rows for f in single.run(EventBatch.from_rows([row]))]
    assert [f.id for f in often] == [f.id for f in fired]


def test_when_a_session_ends_its_board_is_empty() -> None:
    core = Core([parse_definition("carted", "cart_added")])
    core.run(EventBatch.from_rows([*ROWS, event(900, "session_ended", None)]))
    board = core.board("r")
    assert (board.session, board.online, board.gmv_minor, board.funnel["cart_added"]) == (
        "",
        0,
        0,
        0,
    )
