"""疑虑: somebody does not believe it; the host says it again, with proof, for all who think so."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import SOON, Playbook
from qianmian.strategies.strategy import Limits
from qianmian.vocabulary.time import MINUTE_MS

DEFINITION = Playbook(
    key="doubt_host",
    group="moment",
    moment="moment.doubt",
    channels=("host",),
    limits=Limits(room_apart_ms=2 * MINUTE_MS),  # a host can say only so much
    goal=SOON,
    example=Example(
        "too good to be true", ("5s comment_sent class=doubt",), until="1m", fires=("5s",)
    ),
)
