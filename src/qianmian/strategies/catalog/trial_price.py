"""限时体验: a newcomer who looks at one thing for long may try it at a price that ends soon."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, OfferSketch, Playbook
from qianmian.vocabulary.time import MINUTE_MS

DEFINITION = Playbook(
    key="trial_price",
    group="new",
    moment="moment.hesitation",
    whom=("segment.new_users",),
    channels=("in_room",),
    offer=OfferSketch(amount_major=20, valid_for_ms=30 * MINUTE_MS),
    priority=60,
    goal=SOON,
    example=Example(
        "new, and two minutes on one page",
        ("0s room_entered", "10s product_viewed product=p1"),
        until="3m",
        fires=("130s",),
    ),
)
