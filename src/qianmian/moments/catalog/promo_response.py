"""A promotion starts, and this viewer moves: sensitive to the offer, or waiting for it."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="promo_response",
    text="promo_started then (product_clicked or cart_added or coupon_claimed) within {window}",
    parameters={"window": "60s"},
    examples=(
        Example(
            "claims the coupon within the minute",
            (
                "0s room_entered",
                "10s promo_started",
                "30s coupon_claimed",
            ),
            until="2m",
            fires=("30s",),
        ),
        Example(
            "clicks a minute too late",
            (
                "0s room_entered",
                "10s promo_started",
                "71s product_clicked product=p1",
            ),
            until="2m",
        ),
        Example(
            "clicks without a promotion",
            (
                "0s room_entered",
                "30s product_clicked product=p1",
            ),
            until="2m",
        ),
    ),
)
