"""Still on the product page, and not a touch: thinking, or called away."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="idle_on_page",
    text="idle for {idle} on product page",
    parameters={"idle": "60s"},
    examples=(
        Example(
            "a minute without a touch",
            ("0s product_viewed product=p1",),
            until="1m",
            fires=("60s",),
        ),
        Example(
            "a touch starts the minute again",
            (
                "0s product_viewed product=p1",
                "30s liked",
            ),
            until="90s",
            fires=("90s",),
        ),
        Example(
            "not on a product page",
            ("0s liked",),
            until="5m",
        ),
    ),
)
