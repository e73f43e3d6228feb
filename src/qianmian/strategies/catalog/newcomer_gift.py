"""新人福利: a small gift that says welcome, before a newcomer has seen anything to stay for."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, OfferSketch, Playbook

DEFINITION = Playbook(
    key="newcomer_gift",
    group="new",
    moment="moment.first_visit",
    whom=("segment.new_users",),
    channels=("in_room",),
    offer=OfferSketch(amount_major=10, least_order_major=50),
    goal=TODAY,
    example=Example("comes for the first time", ("0s room_entered",), until="1m", fires=("0s",)),
)
