"""沉默用户: were here long ago and give no sign now. To be woken, not to be sold to."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

AWAY = "0s profile_updated trait.life_stage=dormant"

DEFINITION = Segment(
    key="dormant_users",
    text=(
        "trait.life_stage == dormant and "
        "no (comment_sent or liked or shared or product_clicked or cart_added) this session"
    ),
    version=2,
    examples=(
        LevelExample("came in, silent", (AWAY, "1s room_entered"), "5m", expect=True),
        LevelExample(
            "came in, and awake", (AWAY, "1s room_entered", "1m liked"), "5m", expect=False
        ),
        LevelExample(
            "was here last week",
            (AWAY.replace("dormant", "active"), "1s room_entered"),
            "5m",
            expect=False,
        ),
    ),
)
