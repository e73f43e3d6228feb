"""The lines of an order. Amounts are minor units of the order's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.values import MAX_INT, check_int, check_string, shown

MAX_ITEMS: Final = 200  # an order with more is a wholesale file, not a viewer's purchase
ITEM_FIELDS: Final = ("product", "category", "quantity", "price", "amount")


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One line: so many of one product.

    `amount_minor` is what the line costs after its own discounts; None if not known.
    """

    product: str
    quantity: int = 1
    price_minor: int | None = None
    amount_minor: int | None = None
    category: str | None = None

    def as_row(self) -> dict[str, Any]:
        """The line as `EventBatch.from_rows` takes it; absent fields are left out."""
        row = {
            "product": self.product,
            "category": self.category,
            "quantity": self.quantity,
            "price": self.price_minor,
            "amount": self.amount_minor,
        }
        return {name: value for name, value in row.items() if value is not None}


def order_items(raw: object, name: str = "items") -> tuple[OrderItem, ...] | Rejected:
    """The lines of an order as sent: at least a product each, at most 200.

    A missing quantity is 1; a missing amount is price × quantity where there is a price.
    """
    if isinstance(raw, str | bytes) or not isinstance(raw, Sequence):
        return Rejected("wrong_type", f"{name} is {shown(raw)}; it must be a list")
    if len(raw) > MAX_ITEMS:
        return Rejected("too_many", f"{name} has {len(raw)} lines; the most is {MAX_ITEMS}")
    items = []
    for place, line in enumerate(raw):
        item = _order_item(line, f"{name}[{place}]")
        if isinstance(item, Rejected):
            return item
        items.append(item)
    return tuple(items)


def order_amount(items: Sequence[OrderItem]) -> int | None:
    """The sum of the lines; None when there is no line or one has no amount."""
    amounts = [item.amount_minor for item in items]
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known and len(known) == len(amounts) else None


def _order_item(raw: object, name: str) -> OrderItem | Rejected:
    if not isinstance(raw, Mapping):
        return Rejected("wrong_type", f"{name} is {shown(raw)}; it must be an object")
    for key in raw:
        if key not in ITEM_FIELDS:
            return Rejected("unknown_field", f"{name} has a field {shown(key)}")
    texts = _optional_strings(raw, name)
    if isinstance(texts, Rejected):
        return texts
    product = texts["product"]
    if product is None:
        return Rejected("missing_field", f"{name} has no product")
    numbers = _optional_numbers(raw, name)
    if isinstance(numbers, Rejected):
        return numbers
    quantity = numbers["quantity"]
    if quantity == 0:
        return Rejected("out_of_range", f"{name}.quantity is 0; leave the line out")
    quantity = 1 if quantity is None else quantity
    price, amount = numbers["price"], numbers["amount"]
    if amount is None and price is not None:
        amount = price * quantity
        if amount > MAX_INT:
            return Rejected("out_of_range", f"{name}: price times quantity is above 2^53")
    return OrderItem(product, quantity, price, amount, texts["category"])


def _optional_strings(raw: Mapping[Any, Any], name: str) -> dict[str, str | None] | Rejected:
    found: dict[str, str | None] = {}
    for key in ("product", "category"):
        value = raw.get(key)
        if value is None or value == "":
            found[key] = None
            continue
        checked = check_string(value, f"{name}.{key}")
        if isinstance(checked, Rejected):
            return checked
        found[key] = checked
    return found


def _optional_numbers(raw: Mapping[Any, Any], name: str) -> dict[str, int | None] | Rejected:
    found: dict[str, int | None] = {}
    for key in ("quantity", "price", "amount"):
        value = raw.get(key)
        if value is None:
            found[key] = None
            continue
        checked = check_int(value, f"{name}.{key}")
        if isinstance(checked, Rejected):
            return checked
        found[key] = checked
    return found
