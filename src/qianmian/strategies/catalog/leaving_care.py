"""流失预警: who drifts away and looks at something again is asked by a person what was missing."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, Playbook

DEFINITION = Playbook(
    key="leaving_care",
    group="dormant",
    moment="moment.hesitation",
    whom=("segment.leaving_users",),
    channels=("follow_up",),
    goal=TODAY,
    example=Example(
        "away for weeks, two minutes on one page",
        (
            "0s profile_updated trait.life_stage=churn_risk",
            "10s product_viewed product=p1",
        ),
        until="3m",
        fires=("130s",),
    ),
)
