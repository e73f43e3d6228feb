"""Judging a row or a room at one instant: which moments become true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from tests.oracle.convert import Rule, Tree
from tests.oracle.events import Because, Entry
from tests.oracle.facts import Facts
from tests.oracle.operators import (
    and_,
    count,
    distinct,
    first,
    happened,
    hidden,
    hour,
    idle,
    in_list,
    in_room,
    in_segment,
    last,
    not_,
    number,
    or_,
    previous_visit,
    room_fact,
    score,
    select,
    tag,
    tag_number,
    then,
    time_since,
    trait,
    viewing,
    visit_started,
    without,
)
from tests.oracle.operators import sum as sum_
from tests.oracle.rows import EVERY, Row, SlotId, Token
from tests.oracle.view import Holding, Pulses, RoomState, View, is_pulse, reads_room
from tests.oracle.withheld import Withheld

OPERATORS: Mapping[str, Any] = MappingProxyType(
    {
        "and": and_,
        "count": count,
        "distinct": distinct,
        "first": first,
        "happened": happened,
        "hidden": hidden,
        "hour": hour,
        "idle": idle,
        "in_list": in_list,
        "in_room": in_room,
        "in_segment": in_segment,
        "last": last,
        "not": not_,
        "number": number,
        "or": or_,
        "previous_visit": previous_visit,
        "room_fact": room_fact,
        "score": score,
        "sum": sum_,
        "tag": tag,
        "tag_number": tag_number,
        "then": then,
        "time_since": time_since,
        "trait": trait,
        "viewing": viewing,
        "visit_started": visit_started,
        "without": without,
    }
)

Edge = tuple[Rule, str | None, Because]


@cache
def answer_of(op: str, call: str) -> Any:
    """What an operator answers a call with, None when it has no answer.

    Kept: a world of fifty messages asks half a million times.
    """
    return getattr(OPERATORS.get(op, select), call, None)


@dataclass(frozen=True)
class Judge:
    """Judges with the rules of now; everything it reads is handed in."""

    rules: Mapping[str, Rule]
    facts: Facts | None = None
    withheld: Withheld | None = None

    def view(
        self,
        rule: Rule,
        room: RoomState,
        row: Row | None,
        siblings: Mapping[str, Row],
        now: int,
        *,
        is_event: bool,
        fresh: dict[SlotId, Pulses] | None = None,
        visit_started: Entry | None = None,
    ) -> View:
        """What operators may look at; `siblings` are the live rows of the viewer."""
        return View(
            rule=rule,
            rules=self.rules,
            room=room,
            row=row,
            rows_of_viewer=siblings,
            now=now,
            is_event=is_event,
            operators=OPERATORS,
            fresh={} if fresh is None else fresh,
            visit_started=visit_started,
            facts=self.facts,
            withheld=self.withheld,
        )

    def viewer_rules(self) -> list[Rule]:
        return [rule for rule in self.rules.values() if not rule.is_room_moment]

    def observe(self, view: View, entry: Entry, *, cancels_only: bool) -> None:
        """Show an event to every node of a rule, before it is among the entries."""
        for node in view.rule.nodes:
            if observe := answer_of(node["op"], "observe"):
                observe(node, view, entry, cancels_only=cancels_only)

    def settle(self, view: View) -> None:
        """Levels that become true as timers do."""
        for node in view.rule.nodes:
            if settle := answer_of(node["op"], "settle"):
                settle(node, view)

    def edges(self, view: View, truth: dict[str, set[Token]]) -> Iterator[Edge]:
        """The pulses of a moment, or the tokens of its level that were not true before."""
        rule = view.rule
        if is_pulse(rule.tree) and not rule.is_room_moment:
            for key, why in view.pulses(rule.tree).items():
                yield rule, key, why
            return
        trigger, guards = self.trigger(rule)
        holding = view.holds(trigger)
        before = truth.get(rule.key, set())
        before = before | set(holding) if EVERY in before else before
        truth[rule.key] = set(holding)
        holding = and_.guarded(holding, guards, view)  # a fact guards; its change fires nothing
        by_key: dict[str | None, Because] = {}
        for token, why in holding.items():
            if token not in before:
                by_key[token[0]] = by_key.get(token[0], frozenset()) | why
        for key, why in by_key.items():
            yield rule, key, why

    def trigger(self, rule: Rule) -> tuple[Tree, list[Tree]]:
        """What can make a level true, and what of the room only guards it."""
        if rule.tree["op"] != "and":
            return rule.tree, []
        parts = rule.tree["parts"]
        if not rule.is_room_moment:
            guards = [part for part in parts if reads_room(part)]
            others = [part for part in parts if part not in guards]
            return {**rule.tree, "parts": others}, guards
        (counted,) = (part for part in parts if part["op"] == "distinct")
        return counted, [part for part in parts if part is not counted]

    def holding(self, view: View) -> Holding:
        """Why the rule's level holds; a pulse never does."""
        is_level = view.rule.is_room_moment or not is_pulse(view.rule.tree)
        return view.holds(self.trigger(view.rule)[0]) if is_level else {}

    def instants(self, view: View) -> Iterator[int]:
        """Every instant at which a node of the rule may change by itself."""
        for node in view.rule.nodes:
            if instants := answer_of(node["op"], "instants"):
                yield from instants(node, view)

    def instant_nodes(self, rule: Rule) -> list[Tree]:
        return [node for node in rule.nodes if answer_of(node["op"], "instants")]
