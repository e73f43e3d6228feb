"""Asks what it costs: the answer should not come from the next viewer."""

from qianmian.moments.definition import Example, Lingers, Moment

DEFINITION = Moment(
    key="price_question",
    text="comment_sent where class has price_question",
    lingers=Lingers(),
    examples=(
        Example(
            "a question about the price",
            ("0s comment_sent class=price_question",),
            until="1m",
            fires=("0s",),
        ),
        Example(
            "a doubt is no question about the price",
            ("0s comment_sent class=doubt",),
            until="1m",
        ),
    ),
)
