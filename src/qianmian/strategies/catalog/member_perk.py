"""会员权益: who is busy, close to buying and a member is told what membership is worth now."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, OfferSketch, Playbook
from qianmian.vocabulary.time import HOUR_MS

DEFINITION = Playbook(
    key="member_perk",
    group="active",
    moment="moment.high_intent",
    whom=("segment.active_users",),
    conditions="tag.member_level_silver or tag.member_level_gold or tag.member_level_diamond",
    channels=("in_room",),
    offer=OfferSketch(amount_major=15, least_order_major=100, valid_for_ms=2 * HOUR_MS),
    priority=60,
    goal=SOON,
    example=Example(
        "a gold member, busy, with a full cart",
        (
            "0s profile_updated trait.member_level=gold",
            *(f"{n + 1}s liked" for n in range(10)),
            "20s cart_added product=p1",
            "30s product_viewed product=p1",
            "40s product_viewed product=p2",
            "50s product_viewed product=p3",
        ),
        until="2m",
        fires=("50s",),
    ),
)
