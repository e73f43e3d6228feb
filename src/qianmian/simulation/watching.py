"""The life of a viewer in the room: watching, talking, now and then looking at products, leaving.

The figures of `SOCIAL_PER_VISIT` are per visit of an average viewer and come from `ROOM_MIX`.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from functools import cache

from qianmian.simulation.arrivals import Viewer
from qianmian.simulation.dice import Dice
from qianmian.simulation.person import Person, Rows
from qianmian.simulation.room import Room, Row
from qianmian.simulation.script import Script
from qianmian.simulation.shopping import Shopper
from qianmian.simulation.truth import Truth
from qianmian.vocabulary.time import MINUTE_MS, SECOND_MS

TALKED_MS = 80 * SECOND_MS  # between two comments of an averagely talkative viewer
SOCIAL_MS = 290 * SECOND_MS  # between two follows or shares
LIKED_MS = 430 * SECOND_MS  # between two bursts of likes
BROWSED_MS = 190 * SECOND_MS  # between two looks at products, of those who shop
AWAY_MS = 700 * SECOND_MS  # between two moments in which another app is in front
PROMO_SHARE = 0.3  # of shoppers who react to an offer that begins
FOLLOWED_SHARE = 0.35  # of social acts
BACK_AFTER_MS = (20 * SECOND_MS, 4 * MINUTE_MS)

COMMENT_SHARES = (
    ("chatter", 0.56),
    ("service", 0.15),
    ("praise", 0.13),
    ("ordered", 0.07),
    ("price_question", 0.055),
    ("doubt", 0.035),
)


def life(
    viewer: Viewer, room: Room, room_id: str, script: Script, dice: Dice, truth: Truth
) -> Iterator[Row]:
    """Everything one client of a viewer sends and the shop reports of them, in order of time."""
    return _Watcher(Shopper(Person(viewer, room, room_id, dice, truth), script), script).lives()


def second_tab(viewer: Viewer, room: Room, room_id: str, dice: Dice, truth: Truth) -> Iterator[Row]:
    """The same viewer with the room open once more, in a tab that soon lies behind the other."""
    person = Person(viewer, room, room_id, dice, truth)
    person.now = viewer.at + dice.between(5, 20) * SECOND_MS
    ends = min(
        person.now + dice.between(40, 300) * SECOND_MS, viewer.at + viewer.stay_ms - SECOND_MS
    )
    if ends <= person.now:
        return
    yield person.open(visit=f"{viewer.number}.1", page_id="t2")
    goods = dice.one_of(room.goods)
    yield person.act("product_viewed", **goods.fields, page="product")
    person.page = "product"
    person.is_visible = person.is_touching = False
    yield from person.waits(ends)


@cache
def _pace(talk: float, *, is_shopper: bool) -> tuple[float, tuple[float, ...]]:
    """How long until they do anything, on average, ms; and up to which share it is which act."""
    rates = (
        talk / TALKED_MS,
        1 / SOCIAL_MS,
        1 / LIKED_MS,
        is_shopper / BROWSED_MS,
        1 / AWAY_MS,
    )
    total = sum(rates)
    return 1 / total, tuple(sum(rates[: k + 1]) / total for k in range(len(rates)))


class _Watcher:
    """A viewer who watches the room."""

    def __init__(self, shopper: Shopper, script: Script) -> None:
        self._shopper = shopper
        self._person = shopper.person
        self._script = script
        self._has_followed = False
        self._promo_seen = 0

    def lives(self) -> Rows:
        """From entering to leaving, and once more for who comes back."""
        person, viewer = self._person, self._person.viewer
        yield person.open()
        yield from self._visit(viewer.at + viewer.stay_ms)
        if not viewer.comes_back:
            return
        person.now += person.dice.between(*BACK_AFTER_MS)
        yield person.open()
        yield from self._visit(person.now + viewer.stay_ms // 2)

    def _visit(self, ends: int) -> Rows:
        person, dice = self._person, self._person.dice
        mean_ms, edges = _pace(person.viewer.talk, is_shopper=person.viewer.is_shopper)
        acts = (self._comments, self._joins_in, self._likes, self._shopper.browses, self._is_away)
        while True:
            at = person.now + dice.wait_ms(mean_ms)
            reaction = self._promo_reaction(min(at, ends))
            errand = self._shopper.next_errand_ms
            if errand is not None and errand <= min(at, ends, reaction or at):
                yield from person.waits(errand)
                yield from self._shopper.runs_errand()
            elif reaction is not None:
                yield from person.waits(reaction)
                yield from self._shopper.joins_promo()
            elif at >= ends:
                yield from person.waits(ends)
                break
            else:
                yield from person.waits(at)
                chance = dice.roll()
                k = min(bisect.bisect_right(edges, chance), len(acts) - 1)
                yield from acts[k]()
        person.intends("left")
        if not person.viewer.leaves_silently:
            yield person.act("room_left")

    def _promo_reaction(self, before: int) -> int | None:
        """When they react to the next offer, if it begins before they do anything else."""
        person = self._person
        promo = person.room.next_promo(max(person.now, self._promo_seen))
        if promo is None or promo.starts_ms >= before:
            return None
        self._promo_seen = promo.starts_ms
        if not person.viewer.is_shopper or person.dice.roll() >= PROMO_SHARE:
            return None
        return promo.starts_ms + person.dice.between(1_500, 45_000)

    def _comments(self) -> Rows:
        chance, shares = self._person.dice.roll(), 0.0
        intention = COMMENT_SHARES[0][0]
        for name, share in COMMENT_SHARES:
            shares += share
            if chance < shares:
                intention = name
                break
        yield from self._shopper.says(intention)

    def _joins_in(self) -> Rows:
        person = self._person
        if not self._has_followed and person.dice.roll() < FOLLOWED_SHARE:
            self._has_followed = True
            yield person.act("followed")
        else:
            yield person.act("shared", channel=person.dice.one_of(("wechat", "link", "poster")))

    def _likes(self) -> Rows:
        yield self._person.act("liked", quantity=self._person.dice.between(1, 40))

    def _is_away(self) -> Rows:
        """Another app is in front."""
        person = self._person
        person.intends("called_away")
        person.is_visible = person.is_touching = False
        yield from person.waits(person.now + person.dice.between(20, 90) * SECOND_MS)
        person.is_visible = person.is_touching = True
