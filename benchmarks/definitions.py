"""The mixes of definitions: what comes with the product, then generated ones in the same language.

Of the generated, 70 % are simple tags, 20 % combine tags, traits and counts, 10 % are moments
over a sequence, an absence or a long view. Windows are 10 s to 2 h, the shorter ones more often:
tags that flip are what an engine pays for, so a mix of long windows would flatter it.
"""

from __future__ import annotations

from random import Random

from qianmian.bootstrap import active_definitions
from qianmian.engine.core import Core
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition

WINDOWS = {
    "10s": 1, "15s": 1, "30s": 4, "45s": 3, "60s": 8, "90s": 4, "2m": 6, "3m": 4, "5m": 8, "10m": 5,
    "15m": 2, "30m": 3, "1h": 2, "2h": 1,
}  # fmt: skip
EVENTS = {
    "product_viewed": 6, "product_clicked": 6, "cart_added": 4, "order_created": 3, "order_paid": 4,
    "comment_sent": 4, "liked": 4, "shared": 2,
}  # fmt: skip
FREQUENT = ("product_viewed", "product_clicked", "liked")
ROOM_MOMENTS = ("doubt_rising",)
"""Evaluated by the room stage, outside the engine's loop; the partners do not have it."""


class Mix:
    """Writes definitions as a marketing team would."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.tags: list[str] = []

    def window(self) -> str:
        return self.rng.choices(list(WINDOWS), list(WINDOWS.values()))[0]

    def event(self) -> str:
        return self.rng.choices(list(EVENTS), list(EVENTS.values()))[0]

    def simple(self) -> str:
        """One question about the recent past."""
        rng, event, chance = self.rng, self.event(), self.rng.random()
        if chance < 0.45:
            window = f"within {self.window()}" if rng.random() < 0.85 else "this session"
            least = rng.choice(
                [1, 1, 2, 2, 3, 3, 4, 5, 8] if event in FREQUENT else [1, 1, 1, 2, 2, 3]
            )
            return f"count({event}) {window} >= {least}"
        if chance < 0.55:
            event = rng.choice(["product_viewed", "product_clicked", "cart_added"])
            where = f'category == "c{rng.randrange(8)}"'
            return f"count({event} where {where}) within {self.window()} >= {rng.choice([1, 2, 3])}"
        if chance < 0.62:
            of = " or ".join(sorted(rng.sample(sorted(EVENTS), rng.choice([2, 3]))))
            return f"count({of}) within {self.window()} >= {rng.choice([2, 3, 5, 8])}"
        if chance < 0.74:
            event, what = rng.choice(FREQUENT[:2]), rng.choice(["product", "product", "category"])
            return f"distinct({event}.{what}) within {self.window()} >= {rng.choice([2, 3, 4, 5])}"
        if chance < 0.80:
            event = rng.choice(["order_created", "order_paid"])
            return (
                f"sum({event}.amount) within {self.window()} >= ¥{rng.choice([50, 100, 200, 500])}"
            )
        if chance < 0.86:
            return f"time_since({event}) > {self.window()}"
        if chance < 0.90:
            event = rng.choice(["cart_added", "order_created", "order_paid"])
            return f"last({event}.amount) >= ¥{rng.choice([50, 100, 300])}"
        return self.viewing()

    def viewing(self) -> str:
        dwell = self.rng.choice(["20s", "30s", "45s", "60s", "90s", "2m", "3m"])
        return (
            f"product_viewed for {dwell} without {self.rng.choice(['order_created', 'cart_added'])}"
        )

    def trait(self) -> str:
        cmp = self.rng.choice(["==", ">=", "<"])
        return f"trait.level_{self.rng.randrange(6)} {cmp} {self.rng.randrange(1, 6)}"

    def leaf(self) -> str:
        chance = self.rng.random()
        if chance < 0.3 and self.tags:
            part = f"tag.{self.rng.choice(self.tags)}"
        elif chance < 0.55:
            part = self.trait()
        else:
            part = self.simple()
        return f"not ({part})" if self.rng.random() < 0.25 else part

    def combination(self) -> str:
        """Two to five parts."""
        parts = [self.leaf() for _ in range(self.rng.choice([2, 2, 3, 3, 4, 5]))]
        if len(parts) >= 4 and self.rng.random() < 0.6:
            return " and ".join([f"({parts[0]} or {parts[1]})", *parts[2:]])
        return self.rng.choice([" and ", " and ", " or "]).join(parts)

    def moment(self) -> str:
        """A sequence, an absence or a long view, sometimes for holders of a tag only."""
        rng = self.rng
        window = rng.choice(["30s", "60s", "2m", "5m"])
        kind = rng.random()
        if kind < 0.4:
            first, second = rng.choice(
                [
                    ("cart_added", "order_paid"),
                    ("order_created", "order_paid"),
                    ("product_clicked", "cart_added"),
                ]
            )
            text = f"{first} without {second} within {window} on same product wait 5s"
        elif kind < 0.8:
            first = rng.choice(["product_viewed", "product_clicked"])
            second = rng.choice(["cart_added", "order_created", "order_paid"])
            key = rng.choice(["product", "category"])
            text = f"{first} then {second} within {window} on same {key}"
        else:
            text = f"{self.viewing()} on same product"
        return f"{text} and {self.leaf()}" if rng.random() < 0.5 else text


def mix(n: int, seed: int = 1) -> list[Definition]:
    """The built-in moments and generated definitions, `n` together; they are known to compile."""
    built_in = (one for one in active_definitions() if one.kind == "moment")
    found = [one for one in built_in if one.key not in ROOM_MOMENTS]
    writer = Mix(seed)
    while len(found) < n:
        key = f"d{len(found)}"
        chance = writer.rng.random()
        if chance < 0.9:
            text = writer.simple() if chance < 0.7 else writer.combination()
            found.append(parse_definition(key, text, kind="tag"))
            writer.tags.append(key)
        else:
            found.append(parse_definition(key, writer.moment()))
    Core(found[:n])
    return found[:n]
