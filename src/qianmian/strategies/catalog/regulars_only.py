"""老客专享: who was here before and cannot decide gets what only regulars get."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, OfferSketch, Playbook
from qianmian.vocabulary.time import HOUR_MS

DEFINITION = Playbook(
    key="regulars_only",
    group="active",
    moment="moment.hesitation",
    whom=("segment.active_users",),
    conditions="previous visit",
    channels=("in_room",),
    offer=OfferSketch(amount_major=10, valid_for_ms=2 * HOUR_MS),
    goal=SOON,
    example=Example(
        "was here yesterday, is busy today",
        (
            "0s room_entered visit=a",
            "1d room_entered visit=b",
            *(f"{86_401 + n}s liked visit=b" for n in range(10)),
            "86420s product_viewed product=p1 visit=b",
        ),
        until="86600s",
        fires=("86540s",),
    ),
)
