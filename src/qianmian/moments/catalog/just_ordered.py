"""Has just paid: the best moment for thanks, and the worst for a coupon."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="just_ordered",
    text="order_paid",
    examples=(
        Example(
            "paid",
            (
                "0s product_viewed product=p1",
                "30s order_paid product=p1",
            ),
            until="1m",
            fires=("30s",),
        ),
        Example(
            "an order that is not paid",
            ("0s order_created product=p1",),
            until="1m",
        ),
    ),
)
