"""优先体验: who may become a good customer gets the next product before the others."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, OfferSketch, Playbook
from qianmian.vocabulary.time import DAY_MS

DEFINITION = Playbook(
    key="early_access",
    group="high_value",
    moment="moment.high_intent",
    whom=("segment.potential_high_value",),
    channels=("in_room",),
    offer=OfferSketch(stock=50, valid_for_ms=3 * DAY_MS),
    priority=55,
    goal=TODAY,
    example=Example(
        "shares, and comes close to buying",
        (
            "0s room_entered",
            "5s shared",
            "20s cart_added product=p1",
            "30s product_viewed product=p1",
            "40s product_viewed product=p2",
            "50s product_viewed product=p3",
        ),
        until="2m",
        fires=("50s",),
    ),
)
