"""潜在高价值: very active, long here or sharing, and not yet spending much."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

DEFINITION = Segment(
    key="potential_high_value",
    text=(
        "(tag.highly_engaged or tag.sharer or (tag.deep_watcher and tag.commenter)) "
        "and not tag.high_spender_session"
    ),
    examples=(
        LevelExample("shares the room", ("0s room_entered", "1m shared"), "5m", expect=True),
        LevelExample(
            "stays and talks",
            ("0s comment_sent", "1m comment_sent", "2m comment_sent"),
            "15m",
            expect=True,
        ),
        LevelExample(
            "spends already",
            ("0s room_entered", "1m shared", "2m order_paid product=p1 amount=60000"),
            "5m",
            expect=False,
        ),
        LevelExample("looks on", ("0s room_entered",), "20m", expect=False),
    ),
)
