"""The brief's second example: a middle-aged man who has never interacted in the room.

He looks at digital products and appliances only, of the middle price class and above, and needs
explanation and authority before a discount. Categories are the shop's own: change them.
"""

from qianmian.language.story import LevelExample
from qianmian.segments.definition import Segment

HE = "0s profile_updated trait.gender=male trait.age=45"
LOOKS = (
    "10s product_viewed product=p1 category=phone price=399900",
    "60s product_viewed product=p2 category=appliance price=189900",
)

DEFINITION = Segment(
    key="quiet_digital_men",
    text=(
        "tag.gender_male and (tag.age_band_41_50 or (trait.age >= {from_age} and trait.age <= "
        "{to_age})) and no (comment_sent or liked or shared or product_favorited or cart_added or "
        "order_created or order_paid) ever "
        "and count(product_viewed where (category in ({categories}) and price >= ¥{least})) "
        "this session >= {views} "
        "and no product_viewed where not category in ({categories}) this session"
    ),
    parameters={
        "categories": "digital, phone, computer, audio, camera, appliance, kitchen_appliance",
        "from_age": 35,
        "to_age": 59,
        "least": 1000,
        "views": 2,
    },
    examples=(
        LevelExample("he", (HE, *LOOKS), "2m", expect=True),
        LevelExample("likes one", (HE, *LOOKS, "90s liked"), "2m", expect=False),
        LevelExample(
            "looks at a coat, too",
            (HE, *LOOKS, "90s product_viewed product=p3 category=coat price=45900"),
            "2m",
            expect=False,
        ),
        LevelExample("young", (HE.replace("45", "22"), *LOOKS), "2m", expect=False),
    ),
)
