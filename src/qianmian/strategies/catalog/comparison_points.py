"""比价: who compares wants to know the difference, not to be hurried."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, Playbook

DEFINITION = Playbook(
    key="comparison_points",
    group="moment",
    moment="moment.comparison",
    channels=("in_room",),
    goal=SOON,
    example=Example(
        "three creams within a minute",
        (
            "0s product_viewed product=p1 category=cream",
            "20s product_viewed product=p2 category=cream",
            "40s product_viewed product=p3 category=cream",
        ),
        until="2m",
        fires=("40s",),
    ),
)
