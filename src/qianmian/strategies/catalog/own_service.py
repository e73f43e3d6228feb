"""专属客服: who may become a good customer and cannot decide talks to a person, not to a coupon."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, Playbook

DEFINITION = Playbook(
    key="own_service",
    group="high_value",
    moment="moment.hesitation",
    whom=("segment.potential_high_value",),
    channels=("follow_up",),
    priority=65,
    goal=TODAY,
    example=Example(
        "shares, then two minutes on one page",
        ("0s room_entered", "5s shared", "10s product_viewed product=p1"),
        until="3m",
        fires=("130s",),
    ),
)
