"""定向优惠: somebody who was away for long and says nothing is worth more than a newcomer."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, OfferSketch, Playbook

DEFINITION = Playbook(
    key="wake_up_offer",
    group="dormant",
    moment="moment.returned",
    whom=("segment.dormant_users",),
    channels=("in_room",),
    offer=OfferSketch(amount_major=30, least_order_major=100),
    priority=60,
    goal=TODAY,
    example=Example(
        "back after a month, silent",
        (
            "0s profile_updated trait.life_stage=dormant visit=a",
            "30d room_entered visit=b",
        ),
        until="31d",
        fires=("30d",),
    ),
)
