"""Whose effect it is, the slow way: each person by itself, each decision and act in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Made(NamedTuple):
    """A decision that acted or held out; arm is `treated`, `control` or `holdout`."""

    person: int
    at: int
    arm: str
    cost: int
    place: int = 0


class Act(NamedTuple):
    """What somebody did; kind is `paid`, `refunded` or `reached`; order None: not said."""

    person: int
    at: int
    kind: str
    amount: int
    order: int | None


class Became(NamedTuple):
    arm: str
    at: int
    reached: int
    orders: int
    net: int
    cost: int
    before: int
    is_crossed: bool


class Found(NamedTuple):
    people: dict[int, Became]
    waiting: int
    in_holdout: int


def population(
    made: Sequence[Made],
    acts: Sequence[Act],
    window_ms: int,
    as_of: int,
    ends: Sequence[int | None] | None = None,
) -> Found:
    """Who is compared, and what became of each (docs/semantics.md, POPULATION).

    Args:
        ends: of each place when its session ended, None: it goes on. None: no sessions.
    """
    people: dict[int, Became] = {}
    waiting = in_holdout = 0
    rank = {"control": 0, "treated": 1, "holdout": 2}
    for person in sorted({one.person for one in made}):
        mine = sorted((one.at, rank[one.arm], one) for one in made if one.person == person)
        first = mine[0][2]
        if first.arm == "holdout":
            in_holdout += 1
            continue
        end: int | None = first.at + window_ms
        if ends is not None:
            over = ends[first.place]
            end = None if over is None else max(over, first.at)
        if end is None or end > as_of:
            waiting += 1
            continue
        others = {one.arm for _, _, one in mine} - {"holdout", first.arm}
        cost = sum(one.cost for _, _, one in mine if one.at <= end)
        reached = orders = net = before = 0
        counted = set()
        for act in acts:
            if act.person != person:
                continue
            if act.at <= first.at:
                sign = {"paid": 1, "refunded": -1, "reached": 0}[act.kind]
                before += sign * act.amount
            elif act.at <= end and act.kind == "reached":
                reached = 1
            elif act.at <= end and act.kind == "paid":
                orders += 1
                net += act.amount
                counted.add(act.order)
        for act in acts:
            in_time = act.person == person and first.at < act.at <= end
            if in_time and act.kind == "refunded" and act.order in counted - {None}:
                net -= act.amount
        people[person] = Became(
            first.arm, first.at, reached, orders, net, cost, before, bool(others)
        )
    return Found(people, waiting, in_holdout)
