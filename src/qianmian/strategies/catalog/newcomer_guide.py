"""互动引导: a newcomer who says nothing and turns away is asked a question, not sold something."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import STAYS, Playbook

DEFINITION = Playbook(
    key="newcomer_guide",
    group="new",
    moment="moment.idle_on_page",
    whom=("segment.new_users",),
    conditions="no (comment_sent or liked) this session",
    channels=("in_room",),
    priority=30,
    goal=STAYS,
    example=Example(
        "new, and still for a minute",
        ("0s room_entered", "31s product_viewed product=p1"),
        until="2m",
        fires=("91s",),
    ),
)
