"""The effect that our own report tells of an invented evening, beside the truth about it."""

from __future__ import annotations

from typing import Final

import numpy as np

from qianmian.errors import UnknownName
from qianmian.experiments.effect import Plan
from qianmian.experiments.population import (
    CONTROL,
    NO_ORDER,
    PAID,
    REACHED,
    TREATED,
    Acts,
    Decided,
    population_of,
)
from qianmian.experiments.strategy_effect import Naive, StrategyEffect, strategy_effect
from qianmian.simulation.outcomes import LASTS_MS, WORLDS, Evening, evening
from qianmian.vocabulary.time import HOUR_MS

CONTROL_SHARE: Final = 0.1
WINDOW_MS: Final = HOUR_MS
BUYS_AFTER_MS: Final = 60_000
VIEWERS: Final = 60_000
OFFER_MINOR: Final = 1_000
"""What the offer costs that goes to the treated, at most."""


def effect_in_world(
    name: str, *, viewers: int = VIEWERS, seed: int = 1
) -> tuple[Evening, StrategyEffect]:
    """An invented evening, and what is told of the strategy that acted in it.

    The way is that of a real one: decisions and orders are folded into people, people compared.

    Raises: UnknownName for a world there is not.
    """
    if name not in WORLDS:
        raise UnknownName.of("world", name, WORLDS)
    truth = evening(WORLDS[name], viewers, control=CONTROL_SHARE, seed=seed)
    met, bought = np.flatnonzero(truth.meets), np.flatnonzero(truth.buys)
    treated = truth.is_treated[met]
    decided = Decided(
        met,
        truth.at[met],
        np.where(treated, TREATED, CONTROL).astype(np.int8),
        np.where(treated, OFFER_MINOR, 0),
        np.zeros(len(met), np.int64),
    )
    twice = np.tile(bought, 2)
    acts = Acts(
        twice,
        truth.at[twice] + BUYS_AFTER_MS,
        np.repeat(np.array([PAID, REACHED], np.int8), len(bought)),
        truth.amount[twice],
        np.full(len(twice), NO_ORDER),
    )
    as_of = LASTS_MS + WINDOW_MS
    people = population_of(decided, acts, window_ms=WINDOW_MS, as_of=as_of)
    others = ~truth.is_treated
    naive = Naive(
        int(truth.is_treated.sum()),
        int(truth.buys[truth.is_treated].sum()),
        int(others.sum()),
        int(truth.buys[others].sum()),
    )
    found = strategy_effect(
        (name, 1),
        "order_paid",
        people,
        Plan(control_share=CONTROL_SHARE),
        window_ms=WINDOW_MS,
        as_of=0,  # no instant of anybody's calendar
        naive=naive,
        unattributable=0,
        other_currency=0,
        session_names=("",),
    )
    return truth, found
