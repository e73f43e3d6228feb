"""Effects in a table that somebody has: a row for each person, with the arm and what became of it.

Takes whatever gives a column by its name: a DataFrame of pandas or Polars, an Arrow table, a
dictionary of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from qianmian.errors import InputError
from qianmian.experiments.effect import Bool, Effect, Outcome, Plan, effect_of
from qianmian.experiments.groups import Groups, by_group
from qianmian.experiments.many import holm
from qianmian.experiments.sums import Float64


class Columns(Protocol):
    """A column by its name, as something that NumPy can read."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True, slots=True)
class VariantEffect:
    """One variant beside the control.

    Attributes:
        p: of the primary outcome, corrected for the other variants; 1 where it is hidden.
        groups: effect on the primary outcome by each column that was asked for.
    """

    variant: str
    effect: Effect
    p: float
    groups: Mapping[str, Groups]


def effects_of(
    table: Columns,
    *,
    arm: str,
    control: str,
    outcomes: Sequence[str],
    before: str | None = None,
    shares: Mapping[str, float] | None = None,
    groups: Sequence[str] = (),
    plan: Plan | None = None,
) -> list[VariantEffect]:
    """The effect of every variant in a table, by name.

    Args:
        arm: the column that says in which arm somebody is.
        control: its value for those who got nothing.
        outcomes: columns of numbers; the first is the primary one.
        before: a column of numbers known before anybody was treated (CUPED).
        shares: how arms were drawn, by value of `arm`; None: nobody has said, so it is not checked.
        groups: columns of which each value is a group.
        plan: its `control_share` is that of `shares`.

    Raises: InputError for a column that is not there or has no numbers, an arm that nobody is in
        or has a share, and no outcome.

    Example:
        >>> table = {"arm": ["a", "b"] * 600, "bought": [0, 0, 1, 1, 0, 1] * 200}
        >>> (found,) = effects_of(table, arm="arm", control="a", outcomes=["bought"])
        >>> found.effect.verdict, round(found.effect.primary.absolute.value, 3)
        ('works', 0.333)
    """
    if not outcomes:
        raise InputError("name at least one outcome; the first decides the verdict")
    plan = Plan() if plan is None else plan
    arms = np.asarray(_column(table, arm)).astype(str)
    variants = [one for one in np.unique(arms).tolist() if one != control]
    if not (arms == control).any() or not variants:
        there = ", ".join(np.unique(arms).tolist()[:10])
        raise InputError(
            f'the column "{arm}" must have the control "{control}" and another value; it has:'
            f" {there}",
            field=arm,
        )
    known = None if before is None else _numbers(table, before)
    values = [Outcome(one, _numbers(table, one)) for one in outcomes]
    found = []
    for variant in variants:
        mine = (arms == control) | (arms == variant)
        mine_only = [_part(one, mine, known) for one in values]
        is_treated = arms[mine] == variant
        mine_plan = replace(plan, control_share=_control_share(shares, control, variant))
        effect = effect_of(mine_only, is_treated, mine_plan)
        by_column = {
            name: _groups(table, name, mine, mine_only[0], is_treated, mine_plan)
            for name in (groups if effect.primary is not None else ())
        }
        found.append(VariantEffect(variant, effect, 1.0, by_column))
    ps = holm([1.0 if one.effect.primary is None else one.effect.primary.p for one in found])
    return [_sure(one, p, plan) for one, p in zip(found, ps, strict=True)]


def _sure(one: VariantEffect, p: float, plan: Plan) -> VariantEffect:
    """The variant with its corrected p-value; a verdict that this does not bear is not sure."""
    is_sure = one.effect.verdict in ("works", "harms") and p >= plan.alpha
    effect = replace(one.effect, verdict="unsure") if is_sure else one.effect
    return replace(one, effect=effect, p=p)


def _part(outcome: Outcome, mine: Bool, before: Float64 | None) -> Outcome:
    return Outcome(outcome.name, outcome.values[mine], None if before is None else before[mine])


def _groups(
    table: Columns, name: str, mine: Bool, outcome: Outcome, is_treated: Bool, plan: Plan
) -> Groups:
    names, place = np.unique(
        np.asarray(_column(table, name)).astype(str)[mine], return_inverse=True
    )
    return by_group(outcome, is_treated, place.astype(np.int64), names.tolist(), plan)


def _control_share(shares: Mapping[str, float] | None, control: str, variant: str) -> float | None:
    if shares is None:
        return None
    for one in (control, variant):
        if not shares.get(one, 0) > 0:
            raise InputError(f'say which share of people the arm "{one}" was to have', field=one)
    return shares[control] / (shares[control] + shares[variant])


def _column(table: Columns, name: str) -> Any:
    try:
        return table[name]
    except (KeyError, IndexError, ValueError) as problem:
        raise InputError(f'the table has no column "{name}"', field=name) from problem


def _numbers(table: Columns, name: str) -> Float64:
    try:
        values = np.asarray(_column(table, name)).astype(np.float64)
    except (TypeError, ValueError) as problem:
        raise InputError(f'the column "{name}" has something that is no number', field=name) from (
            problem
        )
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).sum())
        raise InputError(
            f'{bad} rows have no number in the column "{name}"; leave out whole people, or say 0',
            field=name,
        )
    return values
