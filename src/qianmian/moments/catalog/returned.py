"""Back after a long time: do not treat an old friend as a stranger."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="returned",
    text="visit_started and previous visit {away} ago",
    parameters={"away": "30d"},
    examples=(
        Example(
            "back after thirty days",
            (
                "0s liked visit=a",
                "30d liked visit=b",
            ),
            until="31d",
            fires=("30d",),
        ),
        Example(
            "back the next day",
            (
                "0s liked visit=a",
                "1d liked visit=b",
            ),
            until="2d",
        ),
        Example(
            "a first visit is no return",
            ("30d liked visit=a",),
            until="31d",
        ),
    ),
)
