"""回流用户: were away for a month or more and are back, today or lately. Show them what is new."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

STAGE = "0s profile_updated trait.life_stage="
LOOK = "1m product_viewed product=p1"

DEFINITION = Segment(
    key="returning_users",
    text=(
        "trait.life_stage == returned or (trait.life_stage == dormant and "
        "(comment_sent or liked or shared or product_viewed or product_clicked or cart_added or "
        "order_paid) this session)"
    ),
    examples=(
        LevelExample("came back the other day", (f"{STAGE}returned",), "5m", expect=True),
        LevelExample("is back now, and looks", (f"{STAGE}dormant", LOOK), "5m", expect=True),
        LevelExample("is here and does nothing", (f"{STAGE}dormant",), "5m", expect=False),
        LevelExample("was never away", (f"{STAGE}active", LOOK), "5m", expect=False),
    ),
)
