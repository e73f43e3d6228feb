"""A room moment: several people doubt the same product, so the host should answer all of them."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="doubt_rising",
    text=(
        "distinct(comment_sent.viewer where class has doubt) within {window} >= "
        "{viewers} on same product"
    ),
    parameters={"viewers": 3, "window": "60s"},
    examples=(
        Example(
            "three people within a minute",
            (
                "1s comment_sent class=doubt product=p1 viewer=a",
                "20s comment_sent class=doubt product=p1 viewer=b",
                "50500ms comment_sent class=doubt product=p1 viewer=c",
            ),
            until="2m",
            fires=("51s",),
        ),
        Example(
            "one person three times",
            (
                "1s comment_sent class=doubt product=p1 viewer=a",
                "20s comment_sent class=doubt product=p1 viewer=a",
                "50s comment_sent class=doubt product=p1 viewer=a",
            ),
            until="2m",
        ),
        Example(
            "three people, three products",
            (
                "1s comment_sent class=doubt product=p1 viewer=a",
                "20s comment_sent class=doubt product=p2 viewer=b",
                "50s comment_sent class=doubt product=p3 viewer=c",
            ),
            until="2m",
        ),
        Example(
            "three people within two minutes",
            (
                "1s comment_sent class=doubt product=p1 viewer=a",
                "50s comment_sent class=doubt product=p1 viewer=b",
                "100s comment_sent class=doubt product=p1 viewer=c",
            ),
            until="3m",
        ),
    ),
)
