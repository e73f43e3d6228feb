"""抢购型: several orders within minutes, as people buy when something may be gone soon."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="rush_buyer",
    tier="behavior",
    freshness="live",
    text="count(order_created) within {window} >= {orders}",
    parameters={"window": "10m", "orders": 2},
    enough="count(order_created) this session >= 1",
    examples=(
        LevelExample(
            "two orders within minutes",
            ("0s order_created product=p1", "4m order_created product=p2"),
            "5m",
            expect=True,
        ),
        LevelExample("one order", ("0s order_created product=p1",), "5m", expect=False),
        LevelExample("no order to judge by", ("0s room_entered",), "5m", None),
    ),
)
