"""Redeemed a coupon in this session; claiming one is not using it."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

DEFINITION = Tag(
    key="coupon_user",
    tier="value",
    freshness="session",
    text="coupon_redeemed this session",
    enough="(coupon_claimed or coupon_redeemed) this session",
    examples=(
        LevelExample("redeemed", ("0s coupon_claimed", "60s coupon_redeemed"), "2m", expect=True),
        LevelExample("claimed only", ("0s coupon_claimed",), "2m", expect=False),
        LevelExample("never had one", ("0s room_entered",), "2m", None),
    ),
)
