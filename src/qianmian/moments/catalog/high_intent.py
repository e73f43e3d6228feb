"""A full cart, a busy finger and no order yet: close to buying."""

from qianmian.moments.definition import Example, Lingers, Moment

DEFINITION = Moment(
    key="high_intent",
    text=(
        "cart_added this session and count(product_viewed) within {window} >= {views} "
        "and no (order_created or order_paid) this session"
    ),
    parameters={"views": 3, "window": "5m"},
    lingers=Lingers(),
    examples=(
        Example(
            "a cart and three pages",
            (
                "0s product_viewed product=p1",
                "30s cart_added product=p1",
                "60s product_viewed product=p2",
                "90s product_viewed product=p1",
            ),
            until="2m",
            fires=("90s",),
        ),
        Example(
            "has ordered already",
            (
                "0s order_paid product=p1",
                "30s cart_added product=p1",
                "40s product_viewed product=p1",
                "60s product_viewed product=p2",
                "90s product_viewed product=p1",
            ),
            until="2m",
        ),
        Example(
            "three pages and an empty cart",
            (
                "0s product_viewed product=p1",
                "60s product_viewed product=p2",
                "90s product_viewed product=p1",
            ),
            until="2m",
        ),
    ),
)
