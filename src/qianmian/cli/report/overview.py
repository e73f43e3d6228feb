"""The head of a report: which file, which time, the few numbers that say it all, and the funnel."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from qianmian.cli.report.view import ACCENT, QUIET, View, section, table
from qianmian.runtime.replay import Replayed
from qianmian.runtime.report import FunnelStep, Report

BAR_CELLS = 36


def header(view: View, replayed: Replayed, name: str, format_name: str) -> RenderableType:
    """File, time span, and the key figures."""
    start, end = replayed.clock_start_ms, replayed.clock_end_ms
    if start is None or end is None:
        span = view.say("report.no_span")
    else:
        span = view.say(
            "report.span",
            start=view.day(start),
            end=view.day(end),
            zone=view.zone.key,
            length=view.length(max(0, end - start)),
        )
    file = view.say("report.file", name=name, format=format_name)
    return Panel(
        Group(Text(file, style="bold"), Text(span, style=QUIET), Text(), _figures(view, replayed)),
        title=Text(view.say("report.title"), style=f"bold {ACCENT}"),
        title_align="left",
        border_style=ACCENT,
        padding=(0, 2),
    )


def _figures(view: View, replayed: Replayed) -> RenderableType:
    result = replayed.result
    paid = result.by_type.get("order_paid", 0)
    has_amounts = paid > replayed.orders_without_amount
    figures = (
        ("events", f"{result.events:,}"),
        ("viewers", f"{result.viewers:,}"),
        ("visits", f"{result.visits:,}"),
        ("orders", f"{paid:,}"),
        ("gmv", view.money(result.gmv_minor if has_amounts or not paid else None)),
        ("firings", f"{sum(result.firings_by_moment.values()):,}"),
    )
    grid = Table.grid(expand=True)
    for _ in figures:
        grid.add_column(ratio=1)
    grid.add_row(*(Text(value, style="bold") for _, value in figures))
    grid.add_row(*(Text(view.say(f"kpi.{key}"), style=QUIET) for key, _ in figures))
    return grid


def funnel(view: View, replayed: Replayed, report: Report) -> RenderableType:
    """How many viewers did each step, as bars of all viewers."""
    everyone = FunnelStep("all", replayed.result.viewers, 1.0 if replayed.result.viewers else 0.0)
    grid = table(("", "left"), ("", "left"), ("", "right"), ("", "right"))
    grid.show_header = False
    for step in (everyone, *report.funnel):
        filled = round(step.share * BAR_CELLS)
        if step.viewers and not filled:
            filled = 1
        bar = Text.assemble(("█" * filled, ACCENT), ("░" * (BAR_CELLS - filled), "grey30"))
        grid.add_row(
            view.say(f"funnel.{step.key}"), bar, f"{step.viewers:,}", Text(f"{step.share:.1%}")
        )
    return Group(section(view.say("funnel.title")), Padding.indent(grid, 2))
