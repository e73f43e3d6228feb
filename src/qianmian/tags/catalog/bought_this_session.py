"""Paid for something in this session."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="bought_this_session",
    tier="value",
    freshness="session",
    text="order_paid this session",
    examples=(
        LevelExample("paid", ("0s order_paid product=p1 amount=9900",), "1h", expect=True),
        LevelExample("ordered, not paid", ("0s order_created product=p1",), "1m", expect=False),
    ),
)
