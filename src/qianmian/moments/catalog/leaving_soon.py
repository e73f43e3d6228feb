"""Has seen a product, and now neither touches nor looks: about to go."""

from qianmian.moments.definition import Example, Moment

DEFINITION = Moment(
    key="leaving_soon",
    text=(
        "(idle for {idle} or not visible for {hidden}) and in room for {stay} and "
        "product_viewed this visit"
    ),
    parameters={"hidden": "20s", "idle": "30s", "stay": "60s"},
    examples=(
        Example(
            "half a minute without a touch",
            (
                "0s room_entered",
                "5s product_viewed product=p1",
                "40s liked",
            ),
            until="70s",
            fires=("70s",),
        ),
        Example(
            "the page is hidden for twenty seconds",
            (
                "0s room_entered",
                "40s heartbeat visible=true",
                "50s product_viewed product=p1",
                "55s heartbeat visible=false",
                "65s heartbeat visible=false",
            ),
            until="80s",
            fires=("75s",),
            presence=True,
        ),
        Example(
            "has seen no product",
            (
                "0s room_entered",
                "40s liked",
            ),
            until="5m",
        ),
        Example(
            "bought nothing yet, but busy",
            (
                "0s room_entered",
                "5s product_viewed product=p1",
                "25s liked",
                "50s liked",
                "75s liked",
            ),
            until="80s",
        ),
    ),
)
