"""Deciding, obviously: every question is answered from the list of all decisions so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from qianmian.vocabulary.firing import Firing

ZONE = ZoneInfo("Asia/Shanghai")
Plain = Mapping[str, Any]


class Past(NamedTuple):
    """What was decided before."""

    firing: Firing
    strategy: str
    offer: str | None
    outcome: str
    reason: str


class Shares(NamedTuple):
    """Who is held out, of ten thousand, since an instant: of strategies by key, and of the shop."""

    since: int
    control: Mapping[str, int]
    holdout: int


class Merge(NamedTuple):
    """Since an instant two ids are one person; nothing happens under the first any more."""

    since: int
    anonymous: str
    known: str


def decide(
    strategies: Iterable[Plain],
    stock_and_cost: Mapping[str, tuple[int | None, int]],
    shop: Plain,
    firings: Iterable[tuple[str, Firing]],
    refused: Mapping[str, bool],
    shares: Sequence[Shares] = (),
    merges: Sequence[Merge] = (),
) -> dict[str, tuple[str, str]]:
    """Outcome and reason by firing id; in-room strategies, one offer at most, no quiet hours.

    Args:
        stock_and_cost: of offers.
        firings: with the key of the strategy.
        refused: viewers who want nothing personalized.
        shares: that came later, in order of time.
    """
    by_key = {one["key"]: one for one in strategies}
    past: list[Past] = []
    found: dict[str, tuple[str, str]] = {}
    groups: dict[tuple[int, str | None], list[tuple[str, Firing]]] = {}
    for key, firing in sorted(firings, key=lambda one: (one[1].at, one[1].id)):
        groups.setdefault((firing.at, firing.viewer), []).append((key, firing))
    for (at, viewer), group in groups.items():
        for later in shares:
            if later.since <= at:
                shop = {**shop, "holdout": later.holdout}
                by_key = {k: {**one, "control": later.control[k]} for k, one in by_key.items()}
        linked = [one for one in merges if one.since <= at and one.known == viewer]
        ids = {viewer, *(one.anonymous for one in linked)}
        reasons = {
            f.id: _reason(by_key[key], stock_and_cost, shop, f, past, refused, ids)
            for key, f in group
        }
        able = [key for key, f in group if not reasons[f.id]]
        best = min(
            able,
            key=lambda key: (-by_key[key]["priority"], -by_key[key]["value_minor"], key),
            default=None,
        )
        for key, f in group:
            if reasons[f.id]:
                found[f.id] = ("suppressed", reasons[f.id])
            elif key != best or (f.id != min(o.id for k, o in group if k == key)):
                found[f.id] = ("suppressed", "lost_to")
            else:
                mine = [o for o in past if o.firing.viewer in ids and o.outcome != "suppressed"]
                mine.sort(key=lambda o: (o.firing.at, o.firing.viewer))
                why = _held_out(by_key[key], shop, str(f.viewer), mine)
                found[f.id] = ("held_out", why) if why else ("act", "")
        past += [Past(f, key, by_key[key]["offer"], *found[f.id]) for key, f in group]
    return found


def _reason(
    strategy: Plain,
    stock_and_cost: Mapping[str, tuple[int | None, int]],
    shop: Plain,
    f: Firing,
    past: list[Past],
    refused: Mapping[str, bool],
    ids: set[str | None],
) -> str:
    limits, offer = strategy["limits"], strategy["offer"]
    if refused.get(str(f.viewer)):
        return "consent"
    if offer is not None:
        stock, cost = stock_and_cost[offer]
        if stock is not None and sum(o.offer == offer for o in past if o.outcome == "act") >= stock:
            return "stock"
        acts = [o for o in past if o.outcome == "act" and o.strategy == strategy["key"]]
        budget = limits["budget_minor"]
        if budget is not None and (len(acts) + 1) * cost > budget:
            return "budget"
    key, touches = strategy["key"], [o for o in past if o.outcome != "suppressed"]
    in_room = [o for o in touches if o.strategy == key and _place(o.firing) == _place(f)]
    if limits["per_room_session"] is not None and len(in_room) >= limits["per_room_session"]:
        return "per_room_session"
    own = [o for o in in_room if o.firing.viewer in ids]
    if limits["per_session"] is not None and len(own) >= limits["per_session"]:
        return "strategy_per_session"
    mine = [o.firing for o in touches if o.firing.viewer in ids]
    if sum(_place(o) == _place(f) for o in mine) >= shop["per_session"]:
        return "per_session"
    if any(f.at - o.at < shop["apart_ms"] for o in mine):
        return "apart"
    if sum(_day(o.at) == _day(f.at) for o in mine) >= shop["per_day"]:
        return "per_day"
    return ""


def _held_out(strategy: Plain, shop: Plain, viewer: str, mine: Sequence[Past]) -> str:
    """As the first time, else by the hash; where a share is none, nobody is in it."""
    first = [o.reason == "global_holdout" for o in mine]
    is_out = first[0] if first else _place_of("holdout:default" + viewer) < shop["holdout"]
    if is_out and shop["holdout"]:
        return "global_holdout"
    told = [o for o in mine if o.strategy == strategy["key"] and o.reason != "global_holdout"]
    first = [o.reason == "control" for o in told]
    is_out = first[0] if first else _place_of(strategy["key"] + viewer) < strategy["control"]
    return "control" if is_out and strategy["control"] else ""


def _place_of(text: str) -> int:
    """The second version of the published hash, of ten thousand places."""

    def fnv(value: str) -> int:
        h = 2166136261
        for byte in value.encode():
            h = ((h ^ byte) * 16777619) % 2**32
        return h

    return fnv(str(fnv(text))) % 10_000


def _place(firing: Firing) -> tuple[str, str]:
    return firing.room, firing.session


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1_000, ZONE).date().isoformat()
