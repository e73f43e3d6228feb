"""Past orders as a table: one row a line of an order, as `order_paid` events with their own times.

Lines with the same order and member are one order, wherever they stand; its time is that of its
first line. A line with a negative quantity or amount is a refund of its order. One line that
cannot be used takes its whole order out: half an order would be a wrong amount.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from qianmian.connectors.instants import MAX_INSTANT_MS
from qianmian.connectors.product_sheet import amount_minor, whole_number
from qianmian.connectors.sheet import Report, Row, Sheet
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.ids import viewer_problem
from qianmian.vocabulary.order import MAX_ITEMS
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.time import SECOND_MS

KIND: Final = "orders"
_PATTERNS: Final = (
    *("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y%m%d%H%M%S", "%Y%m%d"),
    *("%Y.%m.%d %H:%M:%S", "%Y.%m.%d %H:%M", "%Y.%m.%d"),
)

Lined = tuple[int, dict[str, Any]]
"""The line of an event, and its canonical row."""


@dataclass(slots=True)
class _Order:
    """The lines of one order, or of what was refunded of it."""

    line: int
    viewer: str
    time: int
    currency: str
    is_refund: bool
    items: list[dict[str, Any]] = field(default_factory=list)
    amount_minor: int = 0
    problem: Rejected | None = None
    column: str = ""


class _Bad(Exception):
    """A line that cannot be used: its column and why."""

    def __init__(self, column: str, why: Rejected) -> None:
        super().__init__(why.detail)
        self.column = column
        self.why = why


def read_orders(
    body: bytes, *, currency: str, zone: str, now_ms: int
) -> tuple[list[Lined], Report]:
    """The events of the orders that can be used, and a report of the lines of the others.

    Args:
        currency: of lines that name none.
        zone: of times that name no offset.
        now_ms: an order after it is not a past one.

    Returns: the report counts lines of the table, the list has orders.
    Raises: SheetProblem when the table as a whole cannot be used.
    """
    sheet = Sheet(body, KIND, ("order_id", "viewer", "time"))
    reader = _Reader(sheet, currency, ZoneInfo(zone), now_ms)
    for row in sheet.rows():
        reader.add(row)
    return reader.events(), sheet.report


class _Reader:
    """Collects lines into orders."""

    def __init__(self, sheet: Sheet, currency: str, zone: ZoneInfo, now_ms: int) -> None:
        self._sheet = sheet
        self._currency = currency
        self._zone = zone
        self._now_ms = now_ms
        self._orders: dict[tuple[str, str, bool], _Order] = {}
        self._lines: dict[tuple[str, str, bool], int] = {}

    def add(self, row: Row) -> None:
        """One line."""
        try:
            viewer, order_id, time, item, amount, is_refund = self._line(row)
        except _Bad as bad:
            self._spoil(row, bad)
            return
        key = (order_id, viewer, is_refund)
        order = self._orders.get(key)
        currency = self._currency_of(row)
        if order is None:
            order = _Order(row.line, viewer, time, currency, is_refund)
            self._orders[key] = order
        self._lines[key] = self._lines.get(key, 0) + 1
        if order.problem is not None:
            return
        if order.currency != currency:
            detail = f"the order {order_id[:80]} has lines in {order.currency} and {currency}"
            order.problem, order.column = Rejected("two_currencies", detail), "currency"
        order.items.append(item)
        order.amount_minor += amount
        if len(order.items) > MAX_ITEMS:
            detail = f"the order {order_id[:80]} has more than {MAX_ITEMS} lines"
            order.problem, order.column = Rejected("too_many", detail), "order_id"

    def events(self) -> list[Lined]:
        """The orders without a problem, by their time; the others are told."""
        found: list[Lined] = []
        for (order_id, viewer, is_refund), order in self._orders.items():
            row = order.problem or canonical(_event(order_id, order), arrival=self._now_ms)
            if isinstance(row, Rejected):
                self._sheet.report.bad += self._lines[order_id, viewer, is_refund] - 1
                self._sheet.refuse(order.line, order.column, row.reason_code, row.detail)
            else:
                found.append((order.line, row))
        found.sort(key=lambda one: one[1]["event_time"])
        return found

    def _spoil(self, row: Row, bad: _Bad) -> None:
        """A line is bad, and so is the order that it names, if it does."""
        order_id, viewer = row.cells["order_id"], row.cells["viewer"]
        if not order_id or viewer_problem(viewer):
            self._sheet.refuse(row.line, bad.column, bad.why.reason_code, bad.why.detail)
            return
        key = (order_id, viewer, False)
        order = self._orders.setdefault(key, _Order(row.line, viewer, 0, "", is_refund=False))
        self._lines[key] = self._lines.get(key, 0) + 1
        if order.problem is None:
            order.line, order.problem, order.column = row.line, bad.why, bad.column

    def _line(self, row: Row) -> tuple[str, str, int, dict[str, Any], int, bool]:
        """Viewer, order, time, item, amount in minor units, and whether it is a refund."""
        cells = row.cells
        viewer, order_id = cells["viewer"], cells["order_id"]
        if not order_id:
            raise _Bad("order_id", Rejected("missing_field", "the line names no order"))
        problem = "no_viewer" if not viewer else viewer_problem(viewer)
        if problem is not None:
            raise _Bad("viewer", Rejected(problem, f"the member is {viewer[:80]!r}"))
        time = self._instant(cells["time"])
        currency = self._currency_of(row)
        quantity, returned = self._signed_whole(cells.get("quantity", ""))
        amount, taken = self._money("amount", cells.get("amount", ""), currency)
        price, _ = self._money("price", cells.get("price", ""), currency)
        if amount is None:
            if price is None:
                raise _Bad("amount", Rejected("missing_field", "neither an amount nor a price"))
            amount = price * quantity
        item: dict[str, Any] = {}
        if cells.get("product"):
            item = {"product": cells["product"], "quantity": quantity, "amount": amount}
            if cells.get("category"):
                item["category"] = cells["category"]
        return viewer, order_id, time, item, amount, returned or taken

    def _signed_whole(self, text: str) -> tuple[int, bool]:
        if not text:
            return 1, False
        found = whole_number("quantity", text.removeprefix("-"))
        if isinstance(found, Rejected):
            raise _Bad("quantity", found)
        if found == 0:
            raise _Bad("quantity", Rejected("out_of_range", "the quantity is 0; leave it out"))
        return found, text.startswith("-")

    def _money(self, name: str, text: str, currency: str) -> tuple[int | None, bool]:
        if not text:
            return None, False
        found = amount_minor(text.removeprefix("-"), currency)
        if isinstance(found, Rejected):
            raise _Bad("currency" if found.reason_code == "unknown_currency" else name, found)
        return found, text.startswith("-")

    def _currency_of(self, row: Row) -> str:
        return row.cells.get("currency", "").upper() or self._currency

    def _instant(self, text: str) -> int:
        """ms UTC of a time as spreadsheets write it, in the shop's zone where it names none."""
        found = _parsed(text)
        if found is None:
            raise _Bad("time", Rejected("time", f"the time is {text[:40]!r}"))
        if found.tzinfo is None:
            found = found.replace(tzinfo=self._zone)
        ms = int(found.timestamp() * SECOND_MS)
        if not 0 <= ms < MAX_INSTANT_MS:
            raise _Bad("time", Rejected("time", f"the time is {text[:40]!r}"))
        if ms > self._now_ms:
            later = datetime.fromtimestamp(self._now_ms / SECOND_MS, UTC).isoformat("T", "seconds")
            raise _Bad("time", Rejected("future", f"the time is {text[:40]}, after {later}"))
        return ms


def _event(order_id: str, order: _Order) -> dict[str, Any]:
    """The event of an order, as a shop's own server would send it."""
    event: dict[str, Any] = {
        "type": "order_refunded" if order.is_refund else "order_paid",
        "viewer": order.viewer,
        "order_id": order_id,
        "event_time": order.time,
        "amount": order.amount_minor,
        "currency": order.currency,
    }
    if order.is_refund:
        event["refund_id"] = order_id
    if all(order.items):  # every line names its product
        event["items"] = order.items
    return event


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for pattern in _PATTERNS:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 — the caller knows the zone
        except ValueError:
            continue
    return None
