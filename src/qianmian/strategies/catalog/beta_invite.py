"""内测: who buys and talks about it is asked to help with what comes next."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import STAYS, Playbook

DEFINITION = Playbook(
    key="beta_invite",
    group="high_value",
    moment="moment.just_ordered",
    whom=("segment.potential_high_value",),
    channels=("follow_up",),
    goal=STAYS,
    example=Example(
        "has shared, and buys something small",
        ("0s room_entered", "5s shared", "60s order_paid product=p1 amount=1900"),
        until="2m",
        fires=("60s",),
    ),
)
