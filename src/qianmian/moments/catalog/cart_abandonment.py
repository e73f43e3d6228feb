"""Put into the cart and left there."""

from qianmian.moments.definition import Example, Lingers, Moment

DEFINITION = Moment(
    key="cart_abandonment",
    text=(
        "cart_added without (order_created or order_paid or cart_removed) within "
        "{patience} on same product"
    ),
    parameters={"patience": "5m"},
    lingers=Lingers(until=("order_created", "order_paid", "cart_removed"), at_most="30m"),
    examples=(
        Example(
            "five minutes without an order",
            ("0s cart_added product=p1",),
            until="5m",
            fires=("5m",),
        ),
        Example(
            "ordered after all",
            (
                "0s cart_added product=p1",
                "4m order_created product=p1",
            ),
            until="10m",
        ),
        Example(
            "taken out again is a decision, not an abandonment",
            (
                "0s cart_added product=p1",
                "4m cart_removed product=p1",
            ),
            until="10m",
        ),
        Example(
            "two products, one ordered",
            (
                "0s cart_added product=p1",
                "1s cart_added product=p2",
                "4m order_paid product=p1",
            ),
            until="10m",
            fires=("301s",),
        ),
    ),
)
