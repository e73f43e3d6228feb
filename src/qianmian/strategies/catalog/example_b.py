"""Worked example B: the quiet man before an appliance hears an expert; then, maybe, a person."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, Playbook, Wait
from qianmian.strategies.strategy import Limits
from qianmian.vocabulary.time import MINUTE_MS

DEFINITION = Playbook(
    key="example_b",
    group="example",
    moment="moment.hesitation",
    whom=("segment.quiet_digital_men",),
    channels=("host", "follow_up"),
    waits=(Wait(5 * MINUTE_MS, "order_paid"),),  # the host has had time to say it
    limits=Limits(room_apart_ms=2 * MINUTE_MS),
    priority=70,
    goal=TODAY,
    example=Example(
        "he",
        (
            "0s profile_updated trait.gender=male trait.age=45",
            "10s product_viewed product=p1 category=phone price=399900",
            "60s product_viewed product=p2 category=appliance price=189900",
        ),
        until="4m",
        fires=("3m",),
    ),
)
