"""How much was paid in this session, over all orders together.

Refunds are not taken off: what was paid is what is known while the room is live.
"""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="spent_session",
    tier="value",
    freshness="session",
    number="sum(order_paid.amount) this session",
    examples=(
        LevelExample(
            "two orders, one minor unit apart from a round number",
            (
                "0s order_paid product=p1 amount=30000",
                "60s order_paid product=p2 amount=19999",
            ),
            "2m",
            expect=49_999,
        ),
        LevelExample(
            "ordered, not paid", ("0s order_created product=p1 amount=9900",), "1m", expect=0
        ),
    ),
)
