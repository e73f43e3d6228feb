"""Products as a table: read cell by cell, written so that reading gives the same products.

Several values in one cell are parted by `|`; levels of a category by `>` or `|`; a backslash takes
the next character as it is. A column that is not in the table leaves its field alone, an empty
cell empties it. Prices are decimal, in the currency of the row or else the shop's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from qianmian.connectors.sheet import Report, Row, Sheet, csv_lines, spellings
from qianmian.locales.texts import LOCALES
from qianmian.vocabulary.ids import id_problem
from qianmian.vocabulary.money import decimal_text, parse_minor
from qianmian.vocabulary.product import Product, ProductFields, product_field
from qianmian.vocabulary.rejected import Rejected

KIND: Final = "products"
COLUMNS: Final = (
    *("id", "title", "link_number", "category", "brand", "brand_tone", "price", "currency"),
    *("stock", "selling_points", "related"),
)
_NUMBERS: Final = ("link_number", "stock")
_LISTS: Final = {"category": "|>", "selling_points": "|", "related": "|"}
_WHOLE: Final = re.compile(r"\d{1,16}")
_GROUPED: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
_SYMBOLS: Final = "\u00a5$\u20ac\u00a3"  # yen or yuan, dollar, euro, pound


def read_products(body: bytes, currency: str) -> tuple[list[ProductFields], Report]:
    """The rows of a table that can be used, and a report of the others.

    Args:
        currency: of prices in rows that name none.

    Raises: SheetProblem when the table as a whole cannot be used.
    """
    sheet = Sheet(body, KIND, ("id",))
    found: list[ProductFields] = []
    lines: dict[str, int] = {}
    for row in sheet.rows():
        fields = _fields(sheet, row, currency)
        if fields is None:
            continue
        if fields.id in lines:
            detail = f"the id {fields.id[:80]} is in line {lines[fields.id]} as well"
            sheet.refuse(row.line, "id", "duplicate", detail)
            continue
        lines[fields.id] = row.line
        found.append(fields)
    return found, sheet.report


def _fields(sheet: Sheet, row: Row, currency: str) -> ProductFields | None:
    """The fields of a row; None when one of its cells cannot be used, which is told."""
    product_id = row.cells["id"]
    problem = id_problem(product_id)
    if problem is not None:
        sheet.refuse(row.line, "id", problem, f"the id is {product_id[:80]!r}")
        return None
    own = row.cells.get("currency", "").upper()
    values: dict[str, Any] = {"currency": own} if own else {}
    for name, text in row.cells.items():
        if name in ("id", "currency"):
            continue
        field = "price_minor" if name == "price" else name
        value = None if text == "" else _value(name, text, own or currency)
        if isinstance(value, Rejected):
            sheet.refuse(row.line, name, value.reason_code, value.detail)
            return None
        values[field] = value
    if own and "price_minor" not in values:  # nobody checked it with a price
        unknown = parse_minor("0", own)
        if isinstance(unknown, Rejected):
            sheet.refuse(row.line, "currency", unknown.reason_code, unknown.detail)
            return None
    return ProductFields(product_id, values)


def _value(name: str, text: str, currency: str) -> object | Rejected:
    if name == "price":
        return amount_minor(text, currency)
    if name in _NUMBERS:
        return whole_number(name, text)
    if name in _LISTS:
        return product_field(name, _parted(text, _LISTS[name]))
    return product_field(name, text)


def amount_minor(text: str, currency: str) -> int | Rejected:
    """An amount as people write it: with a symbol, with commas between thousands."""
    plain = unicodedata.normalize("NFKC", text).strip().strip(_SYMBOLS).strip()
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    return parse_minor(plain, currency)


def whole_number(name: str, text: str) -> int | Rejected:
    """A whole number that is not negative, maybe with commas between thousands, or ".0"."""
    plain = unicodedata.normalize("NFKC", text).strip().removesuffix(".0")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if plain.startswith("-") and _WHOLE.fullmatch(plain[1:]):
        return Rejected("negative", f"{name} is {text[:40]}; it must not be negative")
    if not _WHOLE.fullmatch(plain):
        return Rejected("wrong_type", f"{name} is {text[:40]!r}; it must be a whole number")
    return int(plain)


def _parted(text: str, separators: str) -> list[str]:
    """The values of a cell."""
    parts, is_taken = [""], False
    for sign in text:
        if is_taken:
            parts[-1] += sign
            is_taken = False
        elif sign == "\\":
            is_taken = True
        elif sign in separators:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def _joined(values: Iterable[str], separator: str) -> str:
    return separator.join(re.sub(r"([\\|>])", r"\\\1", value) for value in values)


def products_csv(products: Iterable[tuple[Product, str]], locale: str) -> Iterator[str]:
    """A table of products, each with the currency of its price, in the names of a locale.

    Guarantees: `read_products` gives the same products back, but for spaces around texts.
    """
    place = LOCALES.index(locale)
    header = [spellings(KIND, name)[place] for name in COLUMNS]
    yield from csv_lines(header, (_cells(product, currency) for product, currency in products))


def _cells(product: Product, currency: str) -> list[str]:
    price = product.price_minor
    return [
        product.id,
        product.title,
        _shown(product.link_number),
        _joined(product.category, " > "),
        product.brand or "",
        product.brand_tone or "",
        "" if price is None else decimal_text(price, currency),
        currency,
        _shown(product.stock),
        _joined(product.selling_points, " | "),
        _joined(product.related, " | "),
    ]


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)
