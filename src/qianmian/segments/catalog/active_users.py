"""活跃用户: act often, or buy and keep in touch. What they need is care, and larger baskets."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

DEFINITION = Segment(
    key="active_users",
    text=(
        "tag.highly_engaged or "
        "(tag.bought_this_session and (tag.commenter or tag.sharer or tag.follower))"
    ),
    examples=(
        LevelExample("many signs", tuple(f"{20 * n}s liked" for n in range(10)), "5m", expect=True),
        LevelExample(
            "bought and shared",
            ("0s room_entered", "1m order_paid product=p1 amount=100", "2m shared"),
            "30m",
            expect=True,
        ),
        LevelExample("bought, that is all", ("0s order_paid product=p1",), "5m", expect=False),
    ),
)
