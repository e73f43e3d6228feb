"""The whole report of a replay, top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from qianmian.cli.report.moments import examples, moments
from qianmian.cli.report.overview import funnel, header
from qianmian.cli.report.quality import notes, products, quality
from qianmian.cli.report.view import View
from qianmian.language.definition import Definition
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.replay import Replayed
from qianmian.runtime.report import report_of
from qianmian.runtime.source import Recording
from qianmian.vocabulary.time import SECOND_MS


def page(
    view: View,
    replayed: Replayed,
    recording: Recording,
    definitions: Sequence[Definition],
    *,
    file_name: str,
) -> RenderableType:
    """Head, funnel, moments, examples, products, quality, notes."""
    view = replace(view, same_day=_on_one_day(view, replayed))
    report = report_of(replayed, definitions, Explainer(presence=recording.presence))
    by_key = {definition.key: definition for definition in definitions}
    parts: list[RenderableType] = [
        header(view, replayed, file_name, recording.name),
        funnel(view, replayed, report),
    ]
    if report.moments:
        parts.append(moments(view, report, by_key))
    if replayed.firings:
        parts.append(examples(view, report))
    if report.hot_products:
        parts.append(products(view, report))
    parts += [quality(view, replayed), notes(view, replayed, presence=recording.presence)]
    spaced: list[RenderableType] = []
    for part in parts:
        spaced += [part, Text()]
    return Group(*spaced[:-1])


def _on_one_day(view: View, replayed: Replayed) -> bool:
    start, end = replayed.clock_start_ms, replayed.clock_end_ms
    if start is None or end is None:
        return True
    days = {
        datetime.fromtimestamp(ms / SECOND_MS, UTC).astimezone(view.zone).date()
        for ms in (start, end)
    }
    return len(days) == 1
