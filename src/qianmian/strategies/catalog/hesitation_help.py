"""犹豫: two minutes on one page; first a small reason to decide, then a person who asks."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, OfferSketch, Playbook
from qianmian.vocabulary.time import MINUTE_MS

DEFINITION = Playbook(
    key="hesitation_help",
    group="moment",
    moment="moment.hesitation",
    conditions="not tag.bought_this_session",
    channels=("in_room", "follow_up"),
    offer=OfferSketch(amount_major=10, valid_for_ms=15 * MINUTE_MS),
    goal=SOON,
    example=Example(
        "two minutes on one page",
        ("0s product_viewed product=p1",),
        until="3m",
        fires=("2m",),
    ),
)
