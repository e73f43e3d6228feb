"""老客回归: an old friend is greeted as one, and not as a stranger."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import STAYS, Playbook

DEFINITION = Playbook(
    key="returned_welcome",
    group="moment",
    moment="moment.returned",
    channels=("in_room",),
    priority=40,
    goal=STAYS,
    example=Example(
        "back after thirty days",
        ("0s liked visit=a", "30d liked visit=b"),
        until="31d",
        fires=("30d",),
    ),
)
