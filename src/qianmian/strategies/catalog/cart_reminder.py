"""加购未付: five minutes after the cart, and only what is true: it is still there."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, Playbook

DEFINITION = Playbook(
    key="cart_reminder",
    group="moment",
    moment="moment.cart_abandonment",
    channels=("in_room",),
    goal=SOON,
    example=Example(
        "five minutes without an order",
        ("0s cart_added product=p1",),
        until="6m",
        fires=("5m",),
    ),
)
