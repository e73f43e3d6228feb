"""Products, and the catalog of what a shop sells. Comparison, templates and hot lists read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qianmian.errors import InputError
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.values import check_int, check_string, shown

MAX_LIST: Final = 32  # selling points, related products, levels of a category path

_STRINGS: Final = ("id", "title", "brand", "brand_tone")
_NUMBERS: Final = ("link_number", "price_minor", "stock")
_LISTS: Final = ("category", "selling_points", "related")


@dataclass(frozen=True, slots=True)
class Product:
    """Something a shop sells.

    Attributes:
        id: as in events.
        title: as shown to viewers.
        link_number: its number in the room's shelf ("link 3"); None when it is not on it.
        category: path from the widest to the narrowest, e.g. ("beauty", "skin_care", "serum").
        brand_tone: how templates should speak of it, e.g. "plain", "warm".
        price_minor: minor units of the shop's currency.
        stock: count left; None = not known.
        selling_points: what the host says about it, best first.
        related: ids of products that go with it or instead of it, nearest first.
    """

    id: str
    title: str = ""
    link_number: int | None = None
    category: tuple[str, ...] = ()
    brand: str | None = None
    brand_tone: str | None = None
    price_minor: int | None = None
    stock: int | None = None
    selling_points: tuple[str, ...] = ()
    related: tuple[str, ...] = ()

    @property
    def narrowest_category(self) -> str | None:
        """The category that events and `on same category` compare; None if it has none."""
        return self.category[-1] if self.category else None

    @property
    def in_stock(self) -> bool:
        """Whether it can be sold, as far as is known."""
        return self.stock is None or self.stock > 0


@dataclass(frozen=True, slots=True)
class ProductFields:
    """Some fields of a product, as a row of a table gives them; the others stay as they are.

    Attributes:
        values: by the names of `Product`, and `currency` of the price; None empties a field.
    """

    id: str
    values: Mapping[str, Any]


class ProductCatalog(Mapping[str, Product]):
    """The products of a shop by id; never changed, only replaced.

    Raises: InputError when two products have one id.
    """

    def __init__(self, products: Iterable[Product] = ()) -> None:
        self._by_id: dict[str, Product] = {}
        members: dict[str, list[str]] = {}
        for product in products:
            if product.id in self._by_id:
                raise InputError(f'two products have the id "{product.id}"', product=product.id)
            self._by_id[product.id] = product
            if product.narrowest_category is not None:
                members.setdefault(product.narrowest_category, []).append(product.id)
        self._ids_by_category = {name: tuple(ids) for name, ids in members.items()}

    def __getitem__(self, product: str) -> Product:
        return self._by_id[product]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def category_of(self, product: str) -> str | None:
        """The narrowest category of a product; None if the product or its category is unknown."""
        known = self._by_id.get(product)
        return None if known is None else known.narrowest_category

    def similar(self, product: str, *, limit: int = 10) -> tuple[str, ...]:
        """Products like this one: its related ones first, then those of its narrowest category.

        Only known ids, in catalog order within the category, without the product itself.
        """
        known = self._by_id.get(product)
        if known is None:
            return ()
        kin = self._ids_by_category.get(known.narrowest_category or "", ())
        found = dict.fromkeys(
            other for other in (*known.related, *kin) if other != product and other in self._by_id
        )
        return tuple(found)[:limit]

    def with_products(self, products: Iterable[Product]) -> ProductCatalog:
        """A new catalog in which these replace those of the same id; new ones come last."""
        return ProductCatalog(
            (self._by_id | {product.id: product for product in products}).values()
        )


def product_of(raw: object) -> Product | Rejected:
    """The product of one JSON object or CSV row, by the names of `Product`; null is absent.

    `category` may be a single name, or a path as a list.
    """
    if not isinstance(raw, Mapping):
        return Rejected("not_an_object", f"a product is {shown(raw)}; it must be an object")
    values: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in (*_STRINGS, *_NUMBERS, *_LISTS):
            return Rejected("unknown_field", f"a product has no field {shown(name)}")
        if value is None or value == "":
            continue
        checked = product_field(name, value)
        if isinstance(checked, Rejected):
            return checked
        values[name] = checked
    if "id" not in values:
        return Rejected("missing_field", "a product has no id")
    return Product(**values)


def product_field(name: str, value: object) -> str | int | tuple[str, ...] | Rejected:
    """The value of one field of `Product` by its name, or why it cannot be."""
    if name in _STRINGS:
        return check_string(value, name)
    if name in _NUMBERS:
        return check_int(value, name)
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        return Rejected("wrong_type", f"{name} is {shown(value)}; it must be a list")
    if len(value) > MAX_LIST:
        return Rejected("too_many", f"{name} has {len(value)} entries; the most is {MAX_LIST}")
    texts = []
    for place, item in enumerate(value):
        text = check_string(item, f"{name}[{place}]")
        if isinstance(text, Rejected):
            return text
        texts.append(text)
    return tuple(texts)
