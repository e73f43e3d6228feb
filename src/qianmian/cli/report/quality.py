"""The end of a report: hot products, what the file was like, and what the numbers do not say."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qianmian.cli.report.view import ACCENT, BAD, GOOD, QUIET, View, section, shortened, table
from qianmian.locales.texts import document
from qianmian.runtime.replay import Replayed
from qianmian.runtime.report import Report

REJECTED_SHOWN = 6


def products(view: View, report: Report) -> RenderableType:
    """The products that most viewers touched."""
    grid = table(
        (view.say("products.product"), "left"),
        (view.say("products.category"), "left"),
        (view.say("products.viewers"), "right"),
        (view.say("products.carts"), "right"),
        (view.say("products.orders"), "right"),
        (view.say("products.gmv"), "right"),
    )
    for product in report.hot_products:
        grid.add_row(
            Text(shortened(product.product), style=ACCENT),
            shortened(product.category or "—"),
            f"{product.viewers:,}",
            f"{product.carts:,}",
            f"{product.orders:,}",
            view.money(product.gmv_minor) if product.orders else "—",
        )
    return Group(section(view.say("products.title")), Padding.indent(grid, 2))


def quality(view: View, replayed: Replayed) -> RenderableType:
    """What became of the rows, and the first that are none, with line and reason."""
    result = replayed.result
    line = Text()
    for key, count in (
        ("accepted", result.accepted),
        ("duplicates", result.duplicates),
        ("late", result.late),
        ("rejected", result.rejected),
    ):
        style = BAD if key == "rejected" and count else GOOD if key == "accepted" else ""
        line.append(view.say(f"quality.{key}") + " ", QUIET)
        line.append(f"{count:,}    ", style)
    parts: list[RenderableType] = [section(view.say("quality.title")), Padding.indent(line, 2)]
    for row in replayed.rejected[:REJECTED_SHOWN]:
        text = Text.assemble(
            (view.say("quality.line", line=row.line), BAD),
            f"  {reason_text(view, row.reason)}",
            (f"  {row.detail}", QUIET),
        )
        parts.append(Padding.indent(text, 4))
    unread = replayed.rejected_by_reason.total()
    if unread > REJECTED_SHOWN:
        more = Text(view.say("quality.more", count=f"{unread - REJECTED_SHOWN:,}"), style=QUIET)
        parts.append(Padding.indent(more, 4))
    if result.rejected > unread:
        refused = f"{view.say('quality.by_engine')}: {result.rejected - unread:,}"
        parts.append(Padding.indent(Text(refused, style=QUIET), 4))
    return Group(*parts)


def reason_text(view: View, reason: str) -> str:
    """Why a row is no event, in words."""
    key = f"rejected.{reason}"
    return str(view.texts.get(key) or document(view.locale, "errors").get(key, reason))


def notes(view: View, replayed: Replayed, *, presence: bool) -> RenderableType:
    """What the numbers do not say."""
    result = replayed.result
    said: list[str] = []
    if not presence:
        said.append(view.say("notes.presence"))
    if replayed.orders_without_amount:
        said.append(view.texts.count("notes.amounts", replayed.orders_without_amount))
    if replayed.orders_in_other_currency:
        number, currency = replayed.orders_in_other_currency, result.currency
        said.append(view.texts.count("notes.currency", number, currency=currency))
    if replayed.overflow:
        said.append(view.texts.count("notes.overflow", replayed.overflow))
    if result.gmv_minor:
        said.append(view.say("notes.gmv", currency=result.currency))
    if replayed.clock_end_ms is not None:
        said.append(view.say("notes.end", at=view.day(replayed.clock_end_ms)))
    said.append(view.say("notes.funnel"))
    said.append(f"{view.say('notes.digest')} sha256:{result.digest}")
    grid = Table.grid(padding=(0, 1))
    for note in said:
        grid.add_row(Text("·", style=QUIET), Text(note, style=QUIET))
    return Group(section(view.say("notes.title")), Padding.indent(grid, 2))
