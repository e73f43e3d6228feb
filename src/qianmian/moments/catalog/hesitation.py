"""A long look at one product page and no step towards an order: something holds them back."""

from qianmian.moments.definition import Example, Lingers, Moment

DEFINITION = Moment(
    key="hesitation",
    text=(
        "product_viewed for {dwell} without (checkout_started or order_created or "
        "order_paid) on same product"
    ),
    parameters={"dwell": "2m"},
    lingers=Lingers(
        until=("product_left", "checkout_started", "order_created", "order_paid"),
        on_page=True,
        at_most="30m",
    ),
    examples=(
        Example(
            "two minutes on one page",
            ("0s product_viewed product=p1",),
            until="2m",
            fires=("2m",),
        ),
        Example(
            "the order comes just in time",
            (
                "0s product_viewed product=p1",
                "2m order_paid product=p1",
            ),
            until="5m",
        ),
        Example(
            "an order of something else changes nothing",
            (
                "0s product_viewed product=p1",
                "90s order_paid product=p2",
            ),
            until="2m",
            fires=("2m",),
        ),
        Example(
            "on to another page before the time is up",
            (
                "0s product_viewed product=p1",
                "100s product_viewed product=p2",
            ),
            until="200s",
        ),
    ),
)
