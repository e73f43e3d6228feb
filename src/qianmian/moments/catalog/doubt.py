"""Says in the danmaku that it sounds too good to be true."""

from qianmian.moments.definition import Example, Lingers, Moment

DEFINITION = Moment(
    key="doubt",
    text="comment_sent where class has doubt",
    lingers=Lingers(),
    examples=(
        Example(
            "a doubt",
            ("0s comment_sent class=doubt",),
            until="1m",
            fires=("0s",),
        ),
        Example(
            "a question about the price is no doubt",
            ("0s comment_sent class=price_question",),
            until="1m",
        ),
        Example(
            "a plain comment",
            ("0s comment_sent",),
            until="1m",
        ),
    ),
)
