"""The moments of a report: what each means, how often it came, and why for these viewers."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qianmian.cli.report.view import ACCENT, QUIET, View, section, shortened, table
from qianmian.language.definition import Definition
from qianmian.language.sentence import sentence
from qianmian.runtime.report import ExplainedFiring, MomentReport, Report

MAX_EVIDENCE = 4  # the newest; a long list explains less


def moments(view: View, report: Report, definitions: Mapping[str, Definition]) -> RenderableType:
    """One line for each moment that came, the most frequent first; the silent ones by name."""
    grid = table(
        (view.say("moments.moment"), "left"),
        (view.say("moments.meaning"), "left"),
        (view.say("moments.firings"), "right"),
        (view.say("moments.viewers"), "right"),
    )
    grid.columns[1].ratio = 1
    grid.expand = True
    for moment in _by_frequency(report):
        grid.add_row(
            Text(view.moment(moment.key), style="bold", no_wrap=True),
            Text(sentence(definitions[moment.key].expr, view.locale)),
            Text(f"{moment.firings:,}", style=ACCENT),
            f"{moment.viewers:,}",
        )
    silent = ", ".join(view.moment(m.key) for m in report.moments if not m.firings)
    parts: list[RenderableType] = [section(view.say("moments.title")), Padding.indent(grid, 2)]
    if silent:
        note = Text(view.say("moments.silent", names=silent), style=QUIET)
        parts.append(Padding.indent(note, 2))
    return Group(*parts)


def examples(view: View, report: Report) -> RenderableType:
    """Some firings of each moment with the events that made them."""
    parts: list[RenderableType] = [section(view.say("examples.title"))]
    for moment in _by_frequency(report):
        parts.append(Padding.indent(Text(view.moment(moment.key), style="bold"), 2))
        parts.extend(Padding.indent(_example(view, example), 4) for example in moment.examples)
    return Group(*parts)


def _by_frequency(report: Report) -> list[MomentReport]:
    return sorted((m for m in report.moments if m.firings), key=lambda m: (-m.firings, m.key))


def _example(view: View, example: ExplainedFiring) -> RenderableType:
    firing = example.firing
    who = (
        view.say("examples.room", room=shortened(firing.room))
        if firing.viewer is None
        else view.say("examples.viewer", viewer=shortened(firing.viewer))
    )
    head = Text(who, style=ACCENT)
    if firing.key is not None:
        head.append(f" · {shortened(firing.key)}")
    steps = Table.grid(padding=(0, 1))
    for event in example.because[-MAX_EVIDENCE:]:
        steps.add_row(Text(view.instant(event.at_ms), style=QUIET), view.event(event))
    steps.add_row(Text(view.instant(firing.at), style=QUIET), _outcome(view, example))
    return Group(head, Padding.indent(steps, 2))


def _outcome(view: View, example: ExplainedFiring) -> Text:
    firing = example.firing
    text = Text("⚡ ", style=ACCENT)
    last = example.because[-1].at_ms if example.because else firing.at
    if firing.at > last:
        text.append(view.say("examples.fired_after", after=view.length(firing.at - last)), "bold")
    else:
        text.append(view.say("examples.fired"), "bold")
    if firing.viewer is None:
        return text
    text.append("  ")
    if example.next_event is None:
        return text.append(view.say("examples.nothing_next"), QUIET)
    what = view.event(example.next_event).plain
    at = view.instant(example.next_event.at_ms)
    return text.append(view.say("examples.next", at=at, what=what), QUIET)
