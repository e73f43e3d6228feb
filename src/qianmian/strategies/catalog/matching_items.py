"""专属内容: who has just bought hears what goes well with it; a coupon would cheapen the order."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, Playbook

DEFINITION = Playbook(
    key="matching_items",
    group="active",
    moment="moment.just_ordered",
    whom=("segment.active_users",),
    channels=("in_room", "follow_up"),
    priority=40,
    goal=TODAY,
    example=Example(
        "buys, and has shared the room",
        ("0s room_entered", "10s shared", "60s order_paid product=p1"),
        until="2m",
        fires=("60s",),
    ),
)
