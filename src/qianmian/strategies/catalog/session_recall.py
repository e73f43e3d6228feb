"""直播预告召回: who has stayed away for long is asked back before the next session begins."""

from qianmian.moments.definition import Example
from qianmian.strategies.playbook import TODAY, Playbook
from qianmian.strategies.strategy import Limits, Schedule
from qianmian.vocabulary.time import HOUR_MS, MINUTE_MS

DEFINITION = Playbook(
    key="session_recall",
    group="dormant",
    moment="",
    schedule=Schedule(before_ms=HOUR_MS),
    whom=("segment.dormant_users",),
    channels=("push", "email", "follow_up"),  # whoever agreed to none is called by a person
    lasts_ms=50 * MINUTE_MS,  # to be read before it begins
    limits=Limits(per_session=1, per_day=1),
    goal=TODAY,
    example=Example(
        "away for a month, and a session is announced",
        (
            "0s profile_updated trait.life_stage=dormant",
            "1m session_scheduled starts_at=3h",
        ),
        until="4h",
        fires=("2h",),
    ),
)
