"""Worked example A, second way: no money, but what it is worth and how it looks."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, Playbook

DEFINITION = Playbook(
    key="example_a_style",
    group="example",
    moment="moment.cart_abandonment",
    whom=("segment.young_beauty_cart",),
    channels=("in_room",),
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
