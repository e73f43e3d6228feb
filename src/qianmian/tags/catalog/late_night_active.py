"""Does something late at night, often: a habit, found over a month of nights in the shop's zone."""

from qianmian.language.story import LevelExample
from qianmian.tags.definition import Tag

ACTS = "(comment_sent or liked or shared or product_viewed or product_clicked or cart_added)"
NIGHT = f"{ACTS} where hour between {{begin}} and {{end}}"
TONIGHT = ("0s room_entered", "1h liked", "2h liked")  # stories begin at 22:13 in Shanghai

DEFINITION = Tag(
    key="late_night_active",
    tier="behavior",
    freshness="daily",
    text=f"count({NIGHT}) within {{window}} >= {{acts}}",
    parameters={"begin": "23:00", "end": "05:00", "window": "30d", "acts": 10},
    enough=f"count({ACTS}) within {{window}} >= {{acts}}",
    examples=(
        LevelExample(
            "eight acts in the nights before, and two tonight",
            TONIGHT,
            "3h",
            expect=True,
            days={"late_night_active": {2: 5, 9: 3}, "late_night_active_enough": {2: 5, 9: 3}},
        ),
        LevelExample(
            "busy, but in the evening",
            ("0s room_entered", "40m liked", "46m liked"),  # 22:53 and 22:59
            "47m",
            expect=False,
            days={"late_night_active": {2: 9}, "late_night_active_enough": {2: 30}},
        ),
        LevelExample(
            "the nights of five weeks ago count no more",
            TONIGHT,
            "3h",
            expect=False,
            days={"late_night_active": {36: 90}, "late_night_active_enough": {2: 8, 36: 90}},
        ),
        LevelExample(
            "two acts in a month are too few to say no",
            TONIGHT,
            "3h",
            None,
            days={"late_night_active": {}, "late_night_active_enough": {}},
        ),
        LevelExample("before the first night of counting nobody knows", TONIGHT, "3h", None),
    ),
)
