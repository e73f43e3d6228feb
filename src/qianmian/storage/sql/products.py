"""What the shop sells, as its people keep it: by hand, by a program, or from a table.

Every change raises the number of the topic `products`, so that a server notices what another
process (`qianmian products import`) has changed, by one cheap question.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from qianmian.errors import InputError
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.changes import note_change, number_of
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import PRODUCTS
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.product import Product, ProductFields

TOPIC: Final = "products"
MAX_PRODUCTS: Final = 200_000
_AT_ONCE: Final = 1_000  # rows of one statement
_LISTS: Final = ("category", "selling_points", "related")
_FIELDS: Final = tuple(Product.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """A product with what is known about the row.

    Attributes:
        currency: of `price_minor`.
        updated_at: ms UTC.
    """

    product: Product
    currency: str
    updated_at: int


@dataclass(slots=True)
class Imported:
    """What became of rows; the same for a dry run."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    changes: list[ProductRecord] = field(default_factory=list)


class ProductStore:
    """The products of a deployment.

    Args:
        currency: of the shop; of prices that name none.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int], currency: str) -> None:
        self._database = database
        self._clock = clock
        self._currency = currency
        self._audit = AuditTrail(database, clock)

    # -- reading

    @property
    def currency(self) -> str:
        """Of prices that name none."""
        return self._currency

    def number(self) -> int:
        """Grows with every change; 0 while there never was a product."""
        with self._database.read() as connection:
            return number_of(connection, TOPIC)

    def all(self) -> list[ProductRecord]:
        """Every product, those on the shelf first, by their number there."""
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(_ordered(PRODUCTS.select()))]

    def page(
        self, search: str = "", *, offset: int = 0, limit: int = 50
    ) -> tuple[list[ProductRecord], int]:
        """Some products whose id, title, brand or category has this text in it, and how many do."""
        query, counted = PRODUCTS.select(), sa.select(sa.func.count()).select_from(PRODUCTS)
        for word in search.casefold().split()[:8]:
            within = PRODUCTS.c.folded.contains(word, autoescape=True)
            query, counted = query.where(within), counted.where(within)
        with self._database.read() as connection:
            rows = connection.execute(_ordered(query).offset(offset).limit(limit)).all()
            return [_record(row) for row in rows], int(connection.execute(counted).scalar_one())

    def get(self, product_id: str) -> ProductRecord | None:
        """The product of this id."""
        with self._database.read() as connection:
            return _get(connection, product_id)

    # -- changing

    def put(
        self, product: Product, currency: str | None = None, *, by: Actor, reason: str = ""
    ) -> tuple[ProductRecord, bool]:
        """Keep this product in place of the one of its id; the record, and whether it is new.

        Raises: InputError for a currency there is not, or when there are too many products.
        """
        record = ProductRecord(product, self._checked(currency), self._clock())
        with self._changing() as connection:
            before = _get(connection, product.id)
            _write(connection, [record], [] if before is None else [product.id])
            _check_count(connection)
            self._audit.append(
                connection,
                by,
                "product.changed" if before else "product.added",
                product.id,
                before=_told(before),
                after=_told(record),
                reason=reason,
            )
        return record, before is None

    def delete(self, product_id: str, *, by: Actor, reason: str = "") -> ProductRecord | None:
        """Take a product away; what it was, so that it can be put back."""
        with self._changing() as connection:
            before = _get(connection, product_id)
            if before is None:
                return None
            connection.execute(PRODUCTS.delete().where(PRODUCTS.c.id == product_id))
            self._audit.append(
                connection, by, "product.deleted", product_id, before=_told(before), reason=reason
            )
        return before

    def merge(
        self,
        rows: Sequence[ProductFields],
        *,
        by: Actor,
        dry_run: bool = False,
        told: Mapping[str, Any] | None = None,
    ) -> Imported:
        """Take over rows of a table, each id once: new products, and fields of those there are.

        Args:
            dry_run: say what would be done, and change nothing.
            told: about the table, for the audit.

        Raises: InputError for a currency there is not, or when there would be too many products.
        Cost: one transaction, in which nobody else can write.
        """
        if dry_run:
            with self._database.read() as connection:
                return self._compared(connection, rows)
        with self._changing() as connection:
            found = self._compared(connection, rows)
            known = {one.product.id for one in found.changes} & _ids(connection)
            _write(connection, found.changes, sorted(known))
            _check_count(connection)
            counts = {name: getattr(found, name) for name in ("added", "changed", "unchanged")}
            after = {**counts, **(told or {})}
            self._audit.append(connection, by, "products.imported", "", after=after)
        return found

    # -- parts

    def _compared(self, connection: Connection, rows: Sequence[ProductFields]) -> Imported:
        now = self._clock()
        known = {row.id: _record(row) for row in connection.execute(PRODUCTS.select())}
        found = Imported()
        for row in rows:
            before = known.get(row.id)
            values = dict(row.values)
            currency = values.pop("currency", None)
            if before is None:
                product = _changed(Product(row.id), values)
                record = ProductRecord(product, self._checked(currency), now)
                found.added += 1
            else:
                # A price keeps its currency unless the table names another.
                same = before.currency if currency is None else self._checked(currency)
                record = replace(before, product=_changed(before.product, values), currency=same)
                if record == before:
                    found.unchanged += 1
                    continue
                record = replace(record, updated_at=now)
                found.changed += 1
            found.changes.append(record)
        return found

    def _checked(self, currency: str | None) -> str:
        if currency is None:
            return self._currency
        if currency not in MINOR_DIGITS:
            raise InputError(f'"{currency[:16]}" is no known ISO 4217 code')
        return currency

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        """A transaction that raises the number of the topic."""
        with self._database.write() as connection:
            note_change(connection, TOPIC)
            yield connection


def _changed(product: Product, values: Mapping[str, Any]) -> Product:
    """The product with these fields; None is the field's own empty value."""
    empty = Product(product.id)
    return replace(
        product,
        **{
            name: getattr(empty, name) if value is None else value for name, value in values.items()
        },
    )


def _ordered(query: sa.Select[Any]) -> sa.Select[Any]:
    number = PRODUCTS.c.link_number
    return query.order_by(number.is_(None), number, PRODUCTS.c.id)


def _ids(connection: Connection) -> set[str]:
    return set(connection.execute(sa.select(PRODUCTS.c.id)).scalars())


def _get(connection: Connection, product_id: str) -> ProductRecord | None:
    query = PRODUCTS.select().where(PRODUCTS.c.id == product_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _record(row)


def _write(connection: Connection, records: Sequence[ProductRecord], known: Sequence[str]) -> None:
    """Put records in place of those of the known ids."""
    for start in range(0, len(known), _AT_ONCE):
        some = known[start : start + _AT_ONCE]
        connection.execute(PRODUCTS.delete().where(PRODUCTS.c.id.in_(some)))
    for start in range(0, len(records), _AT_ONCE):
        values = [_values(one) for one in records[start : start + _AT_ONCE]]
        connection.execute(PRODUCTS.insert(), values)


def _check_count(connection: Connection) -> None:
    count = connection.execute(sa.select(sa.func.count()).select_from(PRODUCTS)).scalar_one()
    if count > MAX_PRODUCTS:
        raise InputError(f"there would be {count:,} products; the most is {MAX_PRODUCTS:,}")


def _record(row: Any) -> ProductRecord:
    values = {name: getattr(row, name) for name in _FIELDS}
    values |= {name: tuple(json.loads(values[name])) for name in _LISTS}
    return ProductRecord(Product(**values), row.currency, row.updated_at)


def _values(record: ProductRecord) -> dict[str, Any]:
    product = record.product
    values = {name: getattr(product, name) for name in _FIELDS}
    values |= {name: json.dumps(values[name], ensure_ascii=False) for name in _LISTS}
    texts = (product.id, product.title, product.brand or "", *product.category)
    return values | {
        "currency": record.currency,
        "updated_at": record.updated_at,
        "folded": "\n".join(texts).casefold(),
    }


def _told(record: ProductRecord | None) -> dict[str, Any] | None:
    """A record for the audit, without what is empty."""
    if record is None:
        return None
    values = {name: getattr(record.product, name) for name in _FIELDS if name != "id"}
    told = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value not in (None, "", ())
    }
    return told | ({"currency": record.currency} if "price_minor" in told else {})
