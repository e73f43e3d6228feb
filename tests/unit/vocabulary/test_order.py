"""The lines of an order."""

from __future__ import annotations

from typing import Any

import pytest

from qianmian.vocabulary.order import MAX_ITEMS, OrderItem, order_amount, order_items
from qianmian.vocabulary.rejected import Rejected


def test_a_line_without_quantity_is_one_piece_and_costs_its_price() -> None:
    assert order_items([{"product": "p", "price": 990}]) == (OrderItem("p", 1, 990, 990),)


def test_the_amount_of_a_line_may_be_below_price_times_quantity() -> None:
    raw = [{"product": "p", "category": "c", "quantity": 2, "price": 990, "amount": 1500}]
    assert order_items(raw) == (OrderItem("p", 2, 990, 1500, "c"),)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("p", "wrong_type"),
        ({"product": "p"}, "wrong_type"),
        (["p"], "wrong_type"),
        ([{"price": 1}], "missing_field"),
        ([{"product": ""}], "missing_field"),
        ([{"product": "p", "sku": 1}], "unknown_field"),
        ([{"product": 7}], "wrong_type"),
        ([{"product": "p", "quantity": 0}], "out_of_range"),
        ([{"product": "p", "quantity": -1}], "negative"),
        ([{"product": "p", "amount": 1.5}], "fractional"),
        ([{"product": "p", "price": 1 << 52, "quantity": 4}], "out_of_range"),
        ([{"product": "p"}] * (MAX_ITEMS + 1), "too_many"),
    ],
)
def test_a_bad_line_is_refused_with_a_reason(raw: Any, reason: str) -> None:
    rejected = order_items(raw)
    assert isinstance(rejected, Rejected)
    assert rejected.reason_code == reason


def test_an_order_has_an_amount_only_if_every_line_has_one() -> None:
    assert order_amount([OrderItem("p", amount_minor=5), OrderItem("q", amount_minor=0)]) == 5
    assert order_amount([OrderItem("p", amount_minor=5), OrderItem("q")]) is None
    assert order_amount([]) is None


def test_a_line_as_a_row_leaves_out_what_is_not_known() -> None:
    assert OrderItem("p", 2).as_row() == {"product": "p", "quantity": 2}
