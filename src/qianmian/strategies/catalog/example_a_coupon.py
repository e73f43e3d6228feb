"""Worked example A, first way: a coupon that ends soon, for her whose cart is not paid."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, OfferSketch, Playbook
from qianmian.vocabulary.time import MINUTE_MS

DEFINITION = Playbook(
    key="example_a_coupon",
    group="example",
    moment="moment.cart_abandonment",
    whom=("segment.young_beauty_cart",),
    channels=("in_room",),
    offer=OfferSketch(amount_major=30, least_order_major=200, valid_for_ms=15 * MINUTE_MS),
    priority=70,
    goal=SOON,
    example=Example(
        "she",
        (
            "0s profile_updated trait.gender=female trait.age=25 trait.city_tier=tier_1",
            "10s product_viewed product=p1 category=serum price=29900",
            "20s product_clicked product=p2 category=coat price=45900",
            "60s cart_added product=p1 category=serum price=29900",
        ),
        until="7m",
        fires=("6m",),
    ),
)
