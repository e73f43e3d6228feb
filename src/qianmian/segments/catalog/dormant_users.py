"""沉默用户: were here long ago and give no sign now. To be woken, not to be sold to."""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

DEFINITION = Segment(
    key="dormant_users",
    text=(
        "previous visit {away} ago and "
        "no (comment_sent or liked or shared or product_clicked or cart_added) this visit"
    ),
    parameters={"away": "30d"},
    examples=(
        LevelExample(
            "back after a month, silent",
            ("0s room_entered visit=a", "31d room_entered visit=b"),
            "31d",
            expect=True,
        ),
        LevelExample(
            "back after a month, and awake",
            ("0s room_entered visit=a", "31d room_entered visit=b", "31d1m liked visit=b"),
            "31d2m",
            expect=False,
        ),
        LevelExample(
            "was here yesterday",
            ("0s room_entered visit=a", "1d room_entered visit=b"),
            "1d",
            expect=False,
        ),
    ),
)
