"""What is sold and said: products, comments and the host's lines, read from data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from qianmian.simulation.dice import Dice
from qianmian.simulation.marginals import PRICE_RATIO, at_share
from qianmian.vocabulary.product import Product

MEDIAN_PRICE_MINOR = 9_900  # 99 yuan
_SLOT = re.compile(r"\{(\w+)\}")


class _Category(msgspec.Struct, frozen=True):
    key: str
    noun: str
    titles: tuple[str, ...]


class _Document(msgspec.Struct, frozen=True):
    about: str
    brands: tuple[str, ...]
    categories: tuple[_Category, ...]
    slots: dict[str, tuple[str, ...]]
    tails: tuple[str, ...]
    comments: dict[str, tuple[str, ...]]
    host: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Goods:
    """The fields of events about one product, and what people call it.

    `fields`: product, category, brand, price and currency. Units: price in minor units.
    """

    product: Product
    category: str
    noun: str
    price_minor: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Script:
    """Everything a simulated room sells and says.

    `comments` has the templates of each intention; its keys are those of `COMMENT_SHARES` in
    `simulation/watching.py`.
    """

    goods: tuple[Goods, ...]
    comments: Mapping[str, tuple[str, ...]]
    host: tuple[str, ...]
    slots: Mapping[str, tuple[str, ...]]
    tails: tuple[str, ...]

    @classmethod
    def from_json(cls, data: bytes) -> Script:
        """The script of a document like `data/script.json`."""
        document = msgspec.json.decode(data, type=_Document)
        return cls(
            _shelf(document), document.comments, document.host, document.slots, document.tails
        )

    def comment(self, intention: str, noun: str, dice: Dice) -> str:
        """A comment with that intention."""
        text = self._filled(dice.one_of(self.comments[intention]), noun, dice)
        return text + dice.one_of(self.tails)

    def host_line(self, noun: str, dice: Dice) -> str:
        """Something the host says while showing such a product."""
        return self._filled(dice.one_of(self.host), noun, dice)

    def _filled(self, template: str, noun: str, dice: Dice) -> str:
        if "{" not in template:
            return template
        return _SLOT.sub(
            lambda slot: noun if slot[1] == "noun" else dice.one_of(self.slots[slot[1]]), template
        )


def _shelf(document: _Document) -> tuple[Goods, ...]:
    """The products, with prices that spread as those of a real shop do."""
    listed = [(category, title) for category in document.categories for title in category.titles]
    goods = []
    for k, (category, title) in enumerate(listed):
        # A step that has no divisor in common with the count visits every share once, and deals
        # cheap and dear ones to every category.
        share = ((k * 17) % len(listed) + 0.5) / len(listed)
        price = max(int(MEDIAN_PRICE_MINOR * at_share(PRICE_RATIO, share)) // 100 * 100 - 10, 190)
        brand = document.brands[k % len(document.brands)]
        product = Product(
            id=f"p{k + 1:02d}",
            title=title,
            link_number=k + 1,
            category=(category.key,),
            brand=brand,
            price_minor=price,
        )
        fields = {
            "product": product.id,
            "category": category.key,
            "brand": brand,
            "price": price,
            "currency": "CNY",
        }
        goods.append(Goods(product, category.key, category.noun, price, fields))
    return tuple(goods)
