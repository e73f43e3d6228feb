"""The brief's first example: a young woman of a first-tier city whose cart is not paid.

She is about 25, busy with beauty and fashion of 200 to 500 yuan. Categories are the shop's own:
change them.
"""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

SHE = "0s profile_updated trait.gender=female trait.age=25 trait.city_tier=tier_1"
LOOKS = (
    "10s product_viewed product=p1 category=serum price=29900",
    "20s product_clicked product=p2 category=coat price=45900",
    "30s product_viewed product=p3 category=lipstick price=19900",
)
CART = "60s cart_added product=p1 category=serum price=29900"

DEFINITION = Segment(
    key="young_beauty_cart",
    text=(
        "tag.gender_female and tag.age_band_25_30 and tag.city_tier_tier_1 "
        "and count(product_viewed or product_clicked or cart_added "
        "where category in ({categories})) this session >= {acts} "
        "and count(product_viewed or product_clicked or cart_added "
        "where (price >= ¥{least} and price <= ¥{most})) this session >= {priced} "
        "and in segment.carted_unpaid"
    ),
    parameters={
        "categories": "beauty, makeup, skin_care, serum, cream, lipstick, apparel, coat, knitwear, "
        "shoes",
        "acts": 3,
        "least": 200,
        "most": 500,
        "priced": 2,
    },
    examples=(
        LevelExample("she", (SHE, *LOOKS, CART), "2m", expect=True),
        LevelExample("has paid", (SHE, *LOOKS, CART, "90s order_paid product=p1"), "2m", False),
        LevelExample("another city", (SHE.replace("tier_1", "tier_3"), *LOOKS, CART), "2m", False),
        LevelExample("nobody said who she is", ("0s room_entered", *LOOKS, CART), "2m", False),
        LevelExample(
            "cheap things only",
            (SHE, *(line.split(" price=")[0] + " price=990" for line in (*LOOKS, CART))),
            "2m",
            expect=False,
        ),
    ),
)
