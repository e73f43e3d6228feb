"""加购未付款: something is in the cart, and nothing has been paid in this session."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

DEFINITION = Segment(
    key="carted_unpaid",
    text="cart_added this session and no order_paid this session",
    examples=(
        LevelExample("in the cart", ("0s cart_added product=p1",), "5m", expect=True),
        LevelExample(
            "ordered, not paid",
            ("0s cart_added product=p1", "1m order_created product=p1"),
            "5m",
            expect=True,
        ),
        LevelExample(
            "paid", ("0s cart_added product=p1", "1m order_paid product=p1"), "5m", expect=False
        ),
        LevelExample("an empty cart", ("0s product_viewed product=p1",), "5m", expect=False),
    ),
)
