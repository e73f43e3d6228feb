"""疑虑: several doubt the same product; the host asks those who have it to say how it is."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, Playbook
from qianmian.strategies.strategy import Limits
from qianmian.vocabulary.time import MINUTE_MS

DEFINITION = Playbook(
    key="doubt_buyers",
    group="moment",
    moment="moment.doubt_rising",
    channels=("host",),
    limits=Limits(per_session=None, room_apart_ms=5 * MINUTE_MS),
    priority=70,
    goal=SOON,
    example=Example(
        "three people within a minute",
        (
            "1s comment_sent class=doubt product=p1 viewer=a",
            "20s comment_sent class=doubt product=p1 viewer=b",
            "50500ms comment_sent class=doubt product=p1 viewer=c",
        ),
        until="2m",
        fires=("51s",),
    ),
)
