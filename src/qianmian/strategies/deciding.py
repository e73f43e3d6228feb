"""Deciding: what strategies do about firings and schedules, in the one order that a shop has.

Pure: firings, consents and answers go in, decisions come out. Firings with a decision time below
the clock that has passed are taken by (decision time, firing id); of each viewer at one instant one
strategy at most acts. Order of the questions (SEMANTICS, SHARED LIMITS): eligible, limits of the
person, arbitration, assignment, reservation. Every strategy that matched gets a decision with its
reason, so "why (not) this viewer, now" is answered by the same code that decided.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import msgspec

from qianmian.strategies.agenda import Agenda, Scheduled
from qianmian.strategies.chain import Chain, Chains, chain_of
from qianmian.strategies.compiling import strategy_of_firing
from qianmian.strategies.ledger import Ledger
from qianmian.strategies.pending import Pending
from qianmian.strategies.room_limits import RoomLimits
from qianmian.strategies.slices import SLICE, is_acting, is_room_wide
from qianmian.strategies.strategy import Strategies, Strategy
from qianmian.strategies.touches import Person, Touch, merged, refusal, restored, stored
from qianmian.strategies.ways import Refusal, Way, open_steps, way_at
from qianmian.vocabulary.consent import Consents
from qianmian.vocabulary.decision import (
    ACT,
    HELD_OUT,
    SUPPRESSED,
    Decision,
    Outcome,
    decision_id,
    step_id,
)
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.ids import DEFAULT_NAMESPACE
from qianmian.vocabulary.offer import Offer

HOLDOUT_SEED: Final = "holdout:"
RAMP_SEED: Final = "ramp:"

ConsentsOf = Callable[[str], Consents]


class Match(NamedTuple):
    """A firing at which everything that a strategy asks for held."""

    at: int
    id: str
    firing: Firing
    strategy: Strategy


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A match that passed everything that concerns it alone."""

    match: Match
    way: Way
    offer: Offer | None

    @property
    def rank(self) -> tuple[int, int, str]:
        """The smallest acts: by priority, then by what it is expected to bring, then by key."""
        strategy = self.match.strategy
        return -strategy.priority, -strategy.value_minor, strategy.key


class Decider:
    """What a shop decides, and what it remembers for that.

    Args:
        zone: of the shop, for days and quiet hours.
        shop: its name, the seed of the global holdout.

    Attributes:
        chains: steps that may follow.
        pending: what was decided and may still be sent.
        agenda: turns of strategies with a schedule.
        awaited: events of viewers that steps of the strategies wait for.

    Cost: some 20 µs a match. Memory: an entry for each person who was touched or assigned.
    """

    def __init__(self, zone: str = "Asia/Shanghai", shop: str = DEFAULT_NAMESPACE) -> None:
        self.zone = zone
        self.shop = shop
        self.rules = Strategies()
        self.ledger = Ledger()
        self.rehearsal = Ledger()
        self.people: dict[str, Person] = {}
        self._strategies: dict[str, Strategy] = {}
        self._offers: dict[str, Offer] = {}
        self._rooms = RoomLimits()
        self._waiting: list[Firing] = []
        self.chains = Chains()
        self.pending = Pending()
        self.agenda = Agenda()
        self.awaited: frozenset[str] = frozenset()
        self._known: deque[Decision] = deque()
        self._known_until = -1
        self.passed = -1

    # -- what comes in

    def change(self, rules: Strategies) -> None:
        """These hold for everything that is decided from now on."""
        self.rules = rules
        self._strategies = {one.key: one for one in rules.strategies}
        self._offers = {one.key: one for one in rules.offers}
        steps = (step for one in rules.strategies for step in one.steps)
        self.awaited = frozenset(step.wait_for for step in steps if step.wait_for)

    def note(self, firings: Iterable[Firing]) -> None:
        """Firings of strategies; they are decided when the clock has passed them."""
        self._waiting.extend(firings)

    def read(self, decisions: Iterable[Decision]) -> None:
        """What was decided and logged: on a replay it holds, whatever would be decided today."""
        self._known.extend(one for one in decisions if one.at >= self.passed)
        self._known_until = max((one.at for one in self._known), default=-1)

    def link(self, anonymous: str, known: str) -> None:
        """Two ids are one person from now on."""
        theirs = self.people.pop(anonymous, None)
        if theirs is not None:
            self.people[known] = merged(self.people.get(known, Person()), theirs)
        self.chains.link(anonymous, known)
        self.agenda.link(anonymous, known)

    def settle(
        self,
        delivered: Collection[str],
        released: Collection[str],
        at: int,
        unseen: Collection[str] = (),
    ) -> None:
        """What became of decisions: delivered for good, or never; the codes of whom nobody saw.

        Units: at in ms UTC.
        """
        self.pending.end((*delivered, *released))
        self.ledger.deliver(delivered)
        self.ledger.take_back(unseen)
        self.ledger.release(released)
        self.chains.reach(delivered)
        self.chains.fail(released, at)

    # -- deciding

    def decide(self, until: int, consents: ConsentsOf) -> list[Decision]:
        """Decide every firing and every step with an instant below `until`, in order.

        Returns: what is decided for the first time; what was `read` is only remembered.
        """
        self.passed = max(self.passed, until)
        while self._known and self._known[0].at < until:
            self.record(self._known.popleft())
        due = [one for one in self._waiting if one.at < until]
        if due:
            self._waiting = [one for one in self._waiting if one.at >= until]
        found: list[Decision] = []
        for group in _groups(self._matches(due)) if due else ():
            found += self._go_on(group[0].at + 1, consents)
            found += self._decide(group, consents)
        return found + self._go_on(until, consents)

    def _matches(self, firings: Iterable[Firing]) -> list[Match]:
        """The firings of strategies that run, with them; what belongs to an old version is over."""
        found = []
        for firing in firings:
            strategy = self._strategies.get(strategy_of_firing(firing))
            is_new = firing.at > self._known_until
            is_same = strategy is not None and strategy.version == firing.version
            if is_new and is_same and strategy is not None and strategy.is_running:
                found.append(Match(firing.at, firing.id, firing, strategy))
        return sorted(found, key=lambda one: (one.at, one.id))

    def _decide(self, group: Sequence[Match], consents: ConsentsOf) -> list[Decision]:
        """All that one viewer, or one room, matched at one instant."""
        viewer = group[0].firing.viewer
        self._expire(group[0].at)
        person = Person() if viewer is None else self.people.get(viewer, Person())
        said = {} if viewer is None else consents(viewer)
        found: dict[str, Decision] = {}
        candidates = []
        for match in group:
            judged = self._judge(match, person, said)
            if isinstance(judged, _Candidate):
                candidates.append(judged)
            else:
                found[match.id] = _suppressed(match, *judged)
        real = [one for one in candidates if not one.match.strategy.is_rehearsal]
        best = min(real, key=lambda one: one.rank, default=None)
        for one in candidates:
            match = one.match
            is_beaten = best is not None and best.rank < one.rank
            if best is not None and one is not best and (is_beaten or one in real):
                found[match.id] = _suppressed(match, "lost_to", best.match.strategy.key)
            else:
                found[match.id] = self._assigned(one, person)
        decisions = [found[match.id] for match in group]
        for decision in decisions:
            self.record(decision)
        return decisions

    def record(self, decision: Decision) -> None:
        """Remember a decision: the one place where deciding changes what is remembered."""
        viewer, key = decision.viewer, decision.strategy
        self._expire(decision.at)
        self.pending.add(decision)
        before = self.chains.close(decision.after) if decision.after else None
        is_counted = decision.outcome != SUPPRESSED
        is_first = not decision.after
        is_again = before is not None and before.is_reached
        if viewer is not None and (is_counted or decision.reason == "ramp"):
            person = self.people.setdefault(viewer, Person())
            person.assign(f"{RAMP_SEED}{key}", viewer, decision.at)
            if is_counted and not decision.is_rehearsal:
                self._assign(person, decision, viewer)
            if is_counted and (is_first or is_again):
                touch = Touch(decision.at, decision.room, decision.session, key, not is_first)
                person.touch(touch, is_rehearsal=decision.is_rehearsal)
        if is_counted and is_first:
            self._rooms.count(decision)
        if decision.outcome == ACT and not (before is not None and before.is_paid):
            ledger = self.rehearsal if decision.is_rehearsal else self.ledger
            ledger.move(decision.after, decision)
        strategy = self._in_force(decision) if is_counted else None
        chain = None if strategy is None else chain_of(decision, before, strategy)
        if chain is not None:
            self.chains.open(chain)

    def _assign(self, person: Person, decision: Decision, viewer: str) -> None:
        """Keep the arms that a decision tells; of who gets nothing at all it tells no other."""
        is_out = decision.reason == "global_holdout"
        person.assign(f"{HOLDOUT_SEED}{self.shop}", viewer, decision.at, is_out=is_out)
        strategy = self._strategies.get(decision.strategy)
        is_of_room = strategy is not None and is_room_wide(strategy, viewer)
        if not is_out and not is_of_room:  # slices have arms there, people have none
            is_control = decision.reason == "control"
            person.assign(decision.strategy, viewer, decision.at, is_out=is_control)

    # -- steps that follow

    def _go_on(self, until: int, consents: ConsentsOf) -> list[Decision]:
        """What follows the decisions whose next step is due before an instant."""
        found = []
        while (chain := self.chains.first(until)) is not None:
            decision = self._next(chain, consents)
            if decision is None:
                self.chains.close(chain.decision.id)
            else:
                self.record(decision)
                found.append(decision)
        return found

    def _next(self, chain: Chain, consents: ConsentsOf) -> Decision | None:
        """The next step of a chain, or why it does not go; None: nothing is to be said."""
        last, at = chain.decision, chain.due
        strategy = self._in_force(last)
        if strategy is None or at <= self._known_until:
            return None  # replaced or paused; or what was logged says that nothing followed
        first = last.first
        said = {} if last.viewer is None else consents(last.viewer)
        way = self._way_on(chain, strategy, said)
        if way is None:
            return None
        if isinstance(way, Way):
            way = self._refused_now(chain, strategy) or way
        told: dict[str, Any] = {"at": at, "after": last.id}
        if isinstance(way, Way):
            cost = 0 if chain.is_paid else last.cost_minor
            told |= {"id": step_id(first, way.step), "cost_minor": cost, **way._asdict()}
            if self._needs_code(chain):
                told["code"] = self._code(last.offer)
        else:
            told |= {"id": step_id(first, last.step + 1), "step": last.step + 1}
            told |= {"outcome": SUPPRESSED, "reason": way[0], "about": way[1], "channels": ()}
            told |= {"offer": None, "cost_minor": 0, "not_before": 0, "deadline_at": 0}
            told["code"] = None
        return msgspec.structs.replace(last, **told)

    def _way_on(self, chain: Chain, strategy: Strategy, said: Consents) -> Way | Refusal | None:
        """The steps that can still go; or why none can; None: its time is over."""
        last, at = chain.decision, chain.due
        if strategy.deadline_ms is not None and chain.began + strategy.deadline_ms <= at:
            return None
        places = open_steps(
            strategy,
            last.viewer,
            said,
            self.rules.off,
            since=last.step + 1,
            is_here=not chain.is_over,
        )
        if isinstance(places, tuple):
            return places
        shop = self.rules.guardrails
        return way_at(strategy, places, last.viewer, at, chain.began, shop, self.zone)

    def _refused_now(self, chain: Chain, strategy: Strategy) -> tuple[str, str] | None:
        """What stands against one more step, as a reason and what it is about."""
        last, at, shop = chain.decision, chain.due, self.rules.guardrails
        if shop.is_stopped:
            return "switch", ""
        offer = None if last.offer is None else self._offers.get(last.offer)
        if last.offer is not None and (offer is None or not offer.holds_at(at)):
            return "offer_not_valid", last.offer
        self._expire(at)
        ledger = self._ledger(strategy)
        needs_code = self._needs_code(chain)
        is_had = last.id in ledger.held and not needs_code
        if last.outcome == ACT and not chain.is_paid and not is_had:
            pool = self.rules.codes.get(last.offer or "") if needs_code else None
            refused = ledger.refusal(strategy.key, strategy.limits, offer, at, pool)
            if refused is not None:
                return refused
        if last.viewer is None or not chain.is_reached:
            return None  # the person has been counted, and was not reached
        touch = Touch(at, last.room, last.session, strategy.key, is_later=True)
        person = self.people.get(last.viewer, Person())
        is_dry = last.is_rehearsal
        return refusal(person, touch, strategy.limits, shop, self.zone, is_rehearsal=is_dry)

    def _needs_code(self, chain: Chain) -> bool:
        """Whether its next step takes a code of its own, and not that of the step before it.

        The same viewer may have seen that one, so it is theirs unless it is known that nobody did.
        """
        last = chain.decision
        has_pool = last.offer is not None and last.offer in self.rules.codes
        is_sent = last.outcome == ACT and not last.is_rehearsal and not chain.is_paid
        return is_sent and has_pool and self.ledger.has_turn(str(last.offer), last.code)

    def _code(self, offer: str | None) -> int | None:
        """The code whose turn it is; None where the offer has no pool."""
        pool = None if offer is None else self.rules.codes.get(offer)
        return None if pool is None else self.ledger.next_code(str(offer), pool)

    def _in_force(self, decision: Decision) -> Strategy | None:
        """The strategy of a decision, while the same version of it runs."""
        one = self._strategies.get(decision.strategy)
        is_same = one is not None and one.version == decision.version and one.is_running
        return one if is_same else None

    # -- parts of deciding

    def _judge(self, match: Match, person: Person, said: Consents) -> _Candidate | tuple[str, str]:
        """Whether this alone could act, or why not."""
        strategy, firing, shop = match.strategy, match.firing, self.rules.guardrails
        if shop.is_stopped:
            return "switch", ""
        places = open_steps(
            strategy, firing.viewer, said, self.rules.off, is_here=bool(firing.room)
        )
        if isinstance(places, tuple):
            return places
        offer = None if strategy.offer is None else self._offers.get(strategy.offer)
        pool = self.rules.codes.get(strategy.offer or "")
        has_code = pool or (offer is not None and offer.is_issued)
        if strategy.offer is not None and (offer is None or (has_code and firing.viewer is None)):
            return "offer_not_valid", strategy.offer  # a code is for one person
        ledger = self._ledger(strategy)
        pool = None if strategy.is_rehearsal else pool  # who rehearses takes no codes
        refused = ledger.refusal(strategy.key, strategy.limits, offer, match.at, pool)
        refused = refused or self._rooms.refusal(firing, strategy, match.at)
        if refused is not None:
            return refused
        if strategy.mode == "ramp" and not self._is_in_ramp(match, person):
            return "ramp", strategy.key
        if firing.viewer is not None:
            touch = Touch(match.at, firing.room, firing.session, strategy.key)
            refused = refusal(
                person, touch, strategy.limits, shop, self.zone, is_rehearsal=strategy.is_rehearsal
            )
            if refused is not None:
                return refused
        way = way_at(strategy, places, firing.viewer, match.at, match.at, shop, self.zone)
        return _Candidate(match, way, offer) if isinstance(way, Way) else way

    def _is_in_ramp(self, match: Match, person: Person) -> bool:
        viewer = match.firing.viewer
        if viewer is None:
            return True
        return person.is_in(f"{RAMP_SEED}{match.strategy.key}", viewer, match.strategy.ramp)

    def _held_out(self, match: Match, person: Person) -> str:
        """By which holdout the viewer gets nothing; "": by none."""
        viewer, strategy = match.firing.viewer, match.strategy
        holdout = self.rules.guardrails.holdout
        is_asked = viewer is not None and bool(holdout)
        if is_asked and person.is_in(f"{HOLDOUT_SEED}{self.shop}", str(viewer), holdout):
            return "global_holdout"
        control = strategy.control  # where there is no group any more, nobody is in it
        if not control:
            return ""
        if viewer is None or is_room_wide(strategy, viewer):
            place = match.firing.room, match.firing.session
            return "" if is_acting(self.shop, strategy.key, *place, match.at) else SLICE
        return "control" if person.is_in(strategy.key, viewer, control) else ""

    def _assigned(self, one: _Candidate, person: Person) -> Decision:
        """Act, or, for those who are held out, what would have been done."""
        strategy = one.match.strategy
        held_out = self._held_out(one.match, person)
        is_sent = not held_out and not strategy.is_rehearsal
        return _decision(
            one.match,
            HELD_OUT if held_out else ACT,
            held_out,
            strategy.key if held_out in ("control", SLICE) else "",
            offer=strategy.offer,
            cost_minor=0 if one.offer is None else one.offer.cost_minor,
            code=self._code(strategy.offer) if is_sent else None,
            **one.way._asdict(),
        )

    def _expire(self, at: int) -> None:
        self.ledger.expire(at)
        self.rehearsal.expire(at)

    def _ledger(self, strategy: Strategy) -> Ledger:
        return self.rehearsal if strategy.is_rehearsal else self.ledger

    # -- a person is erased

    def forget(self, viewers: Collection[str]) -> None:
        """Know nothing of these viewers; what was given stays given."""
        for viewer in viewers:
            self.people.pop(viewer, None)
        self.chains.forget(viewers)
        self.pending.forget(viewers)
        self.agenda.forget(viewers)
        gone = frozenset(viewers)
        self._waiting = [one for one in self._waiting if one.viewer not in gone]
        for person in self.people.values():
            for seed, one in tuple(person.assigned.items()):
                if one.viewer in gone:  # an id that was linked to this person
                    del person.assigned[seed]

    # -- snapshot

    def snapshot(self) -> dict[str, Any]:
        """Everything, as JSON; firings that wait are in it."""
        return {
            "rules": _plain(self.rules),
            "ledger": self.ledger.snapshot(),
            "rehearsal": self.rehearsal.snapshot(),
            "people": [[viewer, stored(one)] for viewer, one in sorted(self.people.items())],
            "rooms": self._rooms.snapshot(),
            "waiting": [_plain_firing(one) for one in self._waiting],
            "chains": self.chains.snapshot(),
            "pending": self.pending.snapshot(self.passed),
            "agenda": self.agenda.snapshot(),
            "passed": self.passed,
        }

    def restore(self, document: Mapping[str, Any]) -> None:
        """The opposite of `snapshot`."""
        self.change(_rules(document["rules"]))
        self.ledger.restore(document["ledger"])
        self.rehearsal.restore(document["rehearsal"])
        self.people = {viewer: restored(one) for viewer, one in document["people"]}
        self._rooms.restore(document["rooms"])
        self._waiting = [_firing(one) for one in document["waiting"]]
        self.chains.restore(document.get("chains", ()))  # older ones have none
        self.pending.restore(document.get("pending", ()))
        if "agenda" in document:
            self.agenda.restore(document["agenda"])
        self.passed = document["passed"]


def _groups(matches: Sequence[Match]) -> list[list[Match]]:
    """What concerns one viewer, or one room, at one instant; in the order of their first firing."""
    found: dict[tuple[int, str | None, str], list[Match]] = {}
    for one in matches:
        place = (one.at, one.firing.viewer, "" if one.firing.viewer else one.firing.room)
        found.setdefault(place, []).append(one)
    return list(found.values())


def _suppressed(match: Match, reason: str, about: str) -> Decision:
    return _decision(match, SUPPRESSED, reason, about)


def _decision(match: Match, outcome: Outcome, reason: str, about: str, **rest: Any) -> Decision:
    firing, strategy = match.firing, match.strategy
    scheduled_at = firing.scheduled_at if isinstance(firing, Scheduled) else 0
    return Decision(
        id=match.id if scheduled_at else decision_id(match.id, strategy.key, strategy.version),
        scheduled_at=scheduled_at,
        at=match.at,
        viewer=firing.viewer,
        room=firing.room,
        session=firing.session,
        strategy=strategy.key,
        version=strategy.version,
        firing=match.id,
        outcome=outcome,
        reason=reason,
        about=about,
        moment=strategy.moment,
        key=firing.key,
        is_rehearsal=strategy.is_rehearsal,
        **rest,
    )


def _plain(rules: Strategies) -> Any:
    return msgspec.to_builtins(rules)


def _rules(document: Any) -> Strategies:
    return msgspec.convert(document, Strategies)


def _plain_firing(firing: Firing) -> dict[str, Any]:
    return {name: getattr(firing, name) for name in type(firing).__dataclass_fields__}


def _firing(document: Mapping[str, Any]) -> Firing:
    kind = Scheduled if "scheduled_at" in document else Firing
    return kind(**{**document, "because": tuple(document["because"])})
