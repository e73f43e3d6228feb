"""有流失风险的用户: have not come for two weeks and more, and not yet for a month."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

STAGE = "0s profile_updated trait.life_stage="

DEFINITION = Segment(
    key="leaving_users",
    text="trait.life_stage == churn_risk",
    examples=(
        LevelExample("away for weeks", (f"{STAGE}churn_risk",), "5m", expect=True),
        LevelExample("away for longer", (f"{STAGE}dormant",), "5m", expect=False),
    ),
)
