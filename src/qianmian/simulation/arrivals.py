"""Who comes when: waves of viewers, and what each of them is like."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from qianmian.columns.facts import ViewerFacts
from qianmian.simulation.plan import SimulationPlan
from qianmian.simulation.traits import traits_of
from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

STAY_MEDIAN_MS = 270 * SECOND_MS
STAY_SIGMA = 1.0  # of the logarithm: most look in, some stay for an hour
STAY_MS = (20 * SECOND_MS, 90 * MINUTE_MS)
_MEAN_STAY_MS = STAY_MEDIAN_MS * math.exp(STAY_SIGMA**2 / 2)
WAITING_SHARE = 0.4  # of the room is there in the first minute: they were told when it begins
WAVE_MINUTES, WAVE_HEIGHT = 4.0, 0.35  # the platform's feed sends people in waves

KNOWN_SHARE = 0.3  # logged in
STRANGER_SHARE = 0.25  # of the known have never been here
AWAY_SHARE = 0.15  # of the known come back after more than 30 days
SHOPPER_SHARE = 0.5
BACK_SHARE = 0.1  # come again after leaving
SILENT_SHARE = 0.45  # just close the app
SECOND_TAB_SHARE = 0.03
TALK = ((0.55, 0.15), (0.85, 1.0), (1.0, 4.6))  # up to this share of viewers, how talkative

ENTRY_SOURCES = ("feed", "feed", "feed", "follow", "search", "share")
_COLUMNS = 13


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person who comes.

    `last_seen_ms` is when a known one was last here, None for who never was; `away_days` the
    same in whole days before the broadcast. `skew_ms`: how far the phone's clock is ahead.
    """

    number: int
    id: str
    is_known: bool
    at: int
    stay_ms: int
    talk: float
    is_shopper: bool
    comes_back: bool
    leaves_silently: bool
    has_second_tab: bool
    entry_source: str
    away_days: int | None
    skew_ms: int

    def facts(self, start_ms: int) -> ViewerFacts | None:
        """What history knows of them; None of who is new or not known."""
        if not self.is_known or self.away_days is None:
            return None
        last_seen = start_ms - self.away_days * DAY_MS - (self.number % 20) * HOUR_MS
        first_seen = last_seen - (self.number * 37 % 200) * DAY_MS
        registered = {"registered_days": (start_ms - first_seen) // DAY_MS}
        traits = traits_of(self.number) | registered
        return ViewerFacts(self.id, first_seen=first_seen, last_seen=last_seen, traits=traits)


def arrivals(plan: SimulationPlan) -> Iterator[Viewer]:
    """Everybody who comes, in order of time; a minute is drawn when it is asked for."""
    number = 0
    for minute in range(plan.minutes):
        for viewer in _of_minute(plan, minute, number):
            yield viewer
            number = viewer.number


def _of_minute(plan: SimulationPlan, minute: int, before: int) -> list[Viewer]:
    chance = np.random.Generator(np.random.PCG64((plan.seed, 2, minute)))
    mean = plan.viewers * MINUTE_MS / _MEAN_STAY_MS
    mean *= 1 + WAVE_HEIGHT * math.sin(2 * math.pi * minute / WAVE_MINUTES)
    count = int(chance.poisson(mean)) + (round(plan.viewers * WAITING_SHARE) if not minute else 0)
    if not minute:
        count = max(count, 1)
    start = plan.start_ms + minute * MINUTE_MS
    at = np.sort(chance.integers(0, MINUTE_MS, count)).tolist()
    stay = chance.lognormal(math.log(STAY_MEDIAN_MS), STAY_SIGMA, count)
    stays = np.clip(stay, *STAY_MS).astype(np.int64).tolist()
    rolls = chance.random((count, _COLUMNS)).tolist()
    return [_viewer(plan, before + 1 + k, start + at[k], stays[k], rolls[k]) for k in range(count)]


def _viewer(plan: SimulationPlan, number: int, at: int, stay_ms: int, rolls: list[float]) -> Viewer:
    is_known = rolls[0] < KNOWN_SHARE
    away_days = None
    if is_known and rolls[1] >= STRANGER_SHARE:
        is_long = rolls[1] < STRANGER_SHARE + AWAY_SHARE
        away_days = 31 + int(rolls[2] * 170) if is_long else 1 + int(rolls[2] * 27)
    is_wrong = rolls[3] < plan.trouble.wrong_clock_share
    return Viewer(
        number=number,
        id=f"u{100_000 + number}" if is_known else _client_id(rolls[4], rolls[12]),
        is_known=is_known,
        at=at,
        stay_ms=stay_ms,
        talk=next(talk for share, talk in TALK if rolls[5] < share),
        is_shopper=rolls[6] < SHOPPER_SHARE,
        comes_back=rolls[7] < BACK_SHARE,
        leaves_silently=rolls[8] < SILENT_SHARE,
        has_second_tab=is_known and rolls[9] < SECOND_TAB_SHARE / KNOWN_SHARE,
        entry_source=ENTRY_SOURCES[int(rolls[10] * len(ENTRY_SOURCES))],
        away_days=away_days,
        skew_ms=int((rolls[11] - 0.5) * 2 * HOUR_MS) if is_wrong else 0,
    )


def _client_id(high: float, low: float) -> str:
    """An id as a client makes it up: long enough that nobody guesses it, as ingest demands."""
    return f"a{int(high * (1 << 52)):013x}{int(low * (1 << 52)):013x}"
