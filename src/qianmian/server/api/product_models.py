"""Products and tables of them, as the management API tells them. Money in minor units; ms UTC."""

from __future__ import annotations

from pydantic import Field

from qianmian.server.api.models import Model
from qianmian.vocabulary.product import MAX_LIST
from qianmian.vocabulary.values import MAX_INT, MAX_STRING_CHARS

Words = list[str]


class ProductModel(Model):
    """A product as it is kept."""

    id: str
    title: str
    link_number: int | None
    category: Words
    brand: str | None
    brand_tone: str | None
    price_minor: int | None
    currency: str
    stock: int | None
    selling_points: Words
    related: Words
    updated_at: int


class ProductGiven(Model):
    """A product to keep in place of the one of its id; `currency` is the shop's where absent."""

    title: str = Field(default="", max_length=MAX_STRING_CHARS)
    link_number: int | None = Field(default=None, ge=0, le=MAX_INT)
    category: Words = Field(default=[], max_length=MAX_LIST)
    brand: str | None = Field(default=None, max_length=MAX_STRING_CHARS)
    brand_tone: str | None = Field(default=None, max_length=MAX_STRING_CHARS)
    price_minor: int | None = Field(default=None, ge=0, le=MAX_INT)
    currency: str | None = Field(default=None, max_length=3)
    stock: int | None = Field(default=None, ge=0, le=MAX_INT)
    selling_points: Words = Field(default=[], max_length=MAX_LIST)
    related: Words = Field(default=[], max_length=MAX_LIST)


class ProductPage(Model):
    """Some products, and how many there are in all of what was asked for."""

    items: list[ProductModel]
    total: int


class BadCellModel(Model):
    """Why a row of a table was left out. `column` is "" where the row as a whole is wrong."""

    line: int
    column: str
    code: str
    detail: str


class TableReport(Model):
    """What a table held: `rows` = rows that were taken + `bad`. `ignored` are unknown columns.

    `problems` are the first of the bad rows, `doubts` the first cells of others that nobody
    understands and that are kept as they are.
    """

    encoding: str
    rows: int
    bad: int
    problems: list[BadCellModel]
    doubtful: int
    doubts: list[BadCellModel]
    ignored: list[str]
    dry_run: bool


class ProductImport(TableReport):
    """What a table of products did, or would do."""

    added: int
    changed: int
    unchanged: int


class EventImport(TableReport):
    """What a table of members or past orders did, or would do: so many events."""

    events: int
