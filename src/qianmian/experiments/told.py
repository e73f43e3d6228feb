"""Effects as plain documents: the same words for the terminal, the API and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from qianmian.experiments.effect import Arm, Comparison, Effect
from qianmian.experiments.groups import Groups
from qianmian.experiments.interval import Interval
from qianmian.experiments.over_time import Standing
from qianmian.experiments.switchback import Switchback

ROW = (
    *("variant", "outcome", "treated_n", "control_n", "treated_mean", "control_mean"),
    *("absolute", "absolute_low", "absolute_high", "relative", "relative_low", "relative_high"),
    *("incremental", "incremental_low", "incremental_high", "p", "enough_people", "verdict"),
)
"""The columns of `rows_of`."""


def document_of(effect: Effect) -> dict[str, Any]:
    """An effect as JSON."""
    primary = effect.primary
    return {
        "verdict": effect.verdict,
        "why_hidden": effect.why_hidden,
        "treated": effect.treated,
        "control": effect.control,
        "sample_ratio_p": effect.sample_ratio_p,
        "crossed": effect.crossed,
        "is_crossed": effect.is_crossed,
        "still_needed": effect.still_needed,
        "primary": None if primary is None else _comparison(primary),
        "secondary": [_comparison(one) for one in effect.secondary],
    }


def groups_document(groups: Groups) -> dict[str, Any]:
    """Groups as JSON."""
    return {
        "differ": groups.differ,
        "differ_p": groups.differ_p,
        "left_out": list(groups.left_out),
        "groups": [
            {"group": one.name, "shrunk": one.shrunk, **_comparison(one.own)}
            for one in groups.found
        ],
    }


def standing_document(one: Standing) -> dict[str, Any]:
    """What was known at an instant as JSON."""
    return {
        "as_of": one.as_of,
        "treated": one.treated,
        "control": one.control,
        "absolute": interval_document(one.absolute),
        "relative": interval_document(one.relative),
    }


def switchback_document(one: Switchback) -> dict[str, Any]:
    """The effect on whole rooms as JSON."""
    return {
        "verdict": one.verdict,
        "slices": one.slices,
        "waiting": one.waiting,
        "acting": one.acting,
        "silent": one.silent,
        "more": interval_document(one.more),
        "next_look": one.next_look,
        "still_needed": one.still_needed,
        "carried_p": one.carried_p,
        "is_carried": one.is_carried,
    }


def rows_of(variant: str, effect: Effect) -> Iterator[dict[str, Any]]:
    """An effect as rows of a table, one for each outcome; none where the verdict is hidden."""
    for place, one in enumerate((effect.primary, *effect.secondary)):
        if one is None:
            continue
        row: dict[str, Any] = {
            "variant": variant,
            "outcome": one.name,
            "treated_n": one.treated.n,
            "control_n": one.control.n,
            "treated_mean": one.treated.mean,
            "control_mean": one.control.mean,
            "p": one.p,
            "enough_people": one.is_enough,
            "verdict": effect.verdict if place == 0 else "",
        }
        for name in ("absolute", "relative", "incremental"):
            found: Interval | None = getattr(one, name)
            row[name] = "" if found is None else found.value
            row[f"{name}_low"] = "" if found is None else found.low
            row[f"{name}_high"] = "" if found is None else found.high
        yield {name: row[name] for name in ROW}


def _comparison(one: Comparison) -> dict[str, Any]:
    return {
        "name": one.name,
        "treated": _arm(one.treated),
        "control": _arm(one.control),
        "absolute": interval_document(one.absolute),
        "relative": interval_document(one.relative),
        "uncut": interval_document(one.uncut),
        "incremental": interval_document(one.incremental),
        "p": one.p,
        "is_enough": one.is_enough,
        "is_yes_no": one.is_yes_no,
    }


def _arm(one: Arm) -> Mapping[str, Any]:
    return {"n": one.n, "with_outcome": one.with_outcome, "total": one.total, "mean": one.mean}


def interval_document(one: Interval | None) -> Mapping[str, float] | None:
    """An interval as JSON."""
    return None if one is None else {"value": one.value, "low": one.low, "high": one.high}
