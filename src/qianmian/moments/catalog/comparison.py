"""Several products of one kind in a short time: the viewer has decided to buy, and not which."""

from qianmian.moments.definition import Example, Lingers, Moment

DEFINITION = Moment(
    key="comparison",
    text=(
        "distinct((product_viewed or product_clicked).product) within {window} >= "
        "{products} on same category"
    ),
    parameters={"products": 3, "window": "60s"},
    lingers=Lingers(),
    examples=(
        Example(
            "three creams within a minute",
            (
                "0s product_viewed product=p1 category=cream",
                "20s product_viewed product=p2 category=cream",
                "59s product_clicked product=p3 category=cream",
            ),
            until="2m",
            fires=("59s",),
        ),
        Example(
            "the first one is a minute ago",
            (
                "0s product_viewed product=p1 category=cream",
                "20s product_viewed product=p2 category=cream",
                "60s product_viewed product=p3 category=cream",
            ),
            until="2m",
        ),
        Example(
            "the same cream three times",
            (
                "0s product_viewed product=p1 category=cream",
                "20s product_clicked product=p1 category=cream",
                "40s product_viewed product=p1 category=cream",
            ),
            until="2m",
        ),
        Example(
            "three kinds are no comparison",
            (
                "0s product_viewed product=p1 category=cream",
                "20s product_viewed product=p2 category=phone",
                "40s product_viewed product=p3 category=chair",
            ),
            until="2m",
        ),
    ),
)
