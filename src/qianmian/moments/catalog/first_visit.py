"""Nobody has seen this viewer before: the first minute decides whether there is a second."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="first_visit",
    text="visit_started and not previous visit",
    examples=(
        Example(
            "the first event ever",
            ("0s room_entered",),
            until="1m",
            fires=("0s",),
        ),
        Example(
            "only once",
            (
                "0s room_entered",
                "10s room_left",
                "20s room_entered",
            ),
            until="1m",
            fires=("0s",),
        ),
        Example(
            "a room nobody entered",
            ("0s session_started",),
            until="1m",
        ),
    ),
)
