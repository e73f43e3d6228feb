"""Paid a lot in this session, over all orders together."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="high_spender_session",
    tier="value",
    freshness="session",
    text="sum(order_paid.amount) this session >= ¥{spent}",
    parameters={"spent": 500},
    examples=(
        LevelExample(
            "two orders make it",
            (
                "0s order_paid product=p1 amount=30000",
                "60s order_paid product=p2 amount=20000",
            ),
            "2m",
            expect=True,
        ),
        LevelExample("¥499.99", ("0s order_paid product=p1 amount=49999",), "2m", expect=False),
    ),
)
