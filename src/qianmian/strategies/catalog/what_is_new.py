"""新品: who has come back and stands still is told what was not here the last time."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import STAYS, Playbook

DEFINITION = Playbook(
    key="what_is_new",
    group="dormant",
    moment="moment.idle_on_page",
    whom=("segment.returning_users",),
    channels=("in_room",),
    goal=STAYS,
    example=Example(
        "back, and still for a minute",
        (
            "0s profile_updated trait.life_stage=returned",
            "1s room_entered",
            "32s product_viewed product=p1",
        ),
        until="2m",
        fires=("92s",),
    ),
)
