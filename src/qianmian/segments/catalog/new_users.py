"""新用户: here for the first time, or registered a few days ago. First of all they need trust."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

DEFINITION = Segment(
    key="new_users",
    text="tag.new_registrant or not previous visit",
    examples=(
        LevelExample("the first visit", ("0s room_entered",), "5m", expect=True),
        LevelExample(
            "registered yesterday",
            (
                "0s room_entered visit=a",
                "1m profile_updated trait.registered_days=1",
                "1d liked visit=b",
            ),
            "1d",
            expect=True,
        ),
        LevelExample("comes back", ("0s liked visit=a", "1d liked visit=b"), "1d", expect=False),
    ),
)
