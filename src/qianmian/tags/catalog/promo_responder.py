"""Moves while a promotion is on: a count, not the verdict "price-sensitive".

One promotion shows only who answers it. Whether somebody moves more in promotions than otherwise
takes a comparison over many sessions.
"""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="promo_responder",
    tier="behavior",
    freshness="live",
    text=(
        "session.stage == promo and "
        "count(product_clicked or cart_added or coupon_claimed) within {window} >= {acts}"
    ),
    parameters={"window": "2m", "acts": 2},
    enough="session.stage == promo and in room for 10s",
    examples=(
        LevelExample(
            "a click and a coupon",
            (
                "0s room_entered",
                "10s promo_started",
                "20s product_clicked product=p1",
                "30s coupon_claimed",
            ),
            "1m",
            expect=True,
        ),
        LevelExample("does not move", ("0s room_entered", "10s promo_started"), "1m", expect=False),
        LevelExample(
            "no promotion to judge by",
            ("0s room_entered", "20s product_clicked product=p1", "30s coupon_claimed"),
            "1m",
            None,
        ),
    ),
)
