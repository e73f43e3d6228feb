"""The engine on a simulated log, against what plain rules read in the same messages."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from qianmian.bootstrap import (
    Cores,
    active_definitions,
    load_classifier,
    load_moments,
    open_recording,
    replay_file,
    simulate,
)
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, facts_bytes
from qianmian.runtime.ports import ignored
from qianmian.runtime.replay import Replayed, ReplayOptions
from qianmian.simulation.plan import SimulationPlan, Trouble
from qianmian.simulation.told import Fact, in_order, told
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.time import DAY_MS, MINUTE_MS, SECOND_MS

PLAN = SimulationPlan(seed=20, viewers=260, minutes=16, trouble=Trouble.none())
MOMENT_OF_FACT = {
    "looked_long": "hesitation",
    "left_in_cart": "cart_abandonment",
    "compared": "comparison",
    "joined_promo": "promo_response",
    "bought": "just_ordered",
    "came": "first_visit",
}


def replayed(plan: SimulationPlan, path: Path) -> tuple[Replayed, dict[Fact, int], dict[str, str]]:
    simulation = simulate(plan)
    sent = list(simulation.events_between(plan.start_ms, plan.end_ms + 1))
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for _, row in sent))
    found = replay_file(
        open_recording(path, None),
        active_definitions(),
        ReplayOptions(),
        shards=1,
        on_read=ignored,
        on_run=ignored,
    )
    return found, told(in_order(sent, 0)), simulation.truth.known_id_by_anonymous


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Replayed, dict[Fact, int], dict[str, str]]:
    return replayed(PLAN, tmp_path_factory.mktemp("simulated") / "log.jsonl")


@pytest.mark.parametrize(("what", "moment"), MOMENT_OF_FACT.items())
def test_firings_are_the_facts_that_the_messages_show(
    run: tuple[Replayed, dict[Fact, int], dict[str, str]], what: str, moment: str
) -> None:
    found, facts, known = run
    fired = set()
    for firing in found.firings:
        if firing.moment == moment:
            name = (firing.viewer or "").removeprefix("?")
            fired.add((known.get(name, name), firing.key or None, firing.at))
    shown = {(fact.viewer, fact.about, at) for fact, at in facts.items() if fact.what == what}
    assert len(shown) > 10
    assert fired == shown


def test_a_calm_log_is_accepted_whole_and_everything_but_old_friends_fires(
    run: tuple[Replayed, dict[Fact, int], dict[str, str]],
) -> None:
    result = run[0].result
    assert result.accepted == result.events
    silent = {moment for moment, count in result.firings_by_moment.items() if not count}
    assert silent == {"returned"}  # it needs facts of earlier days, which a file does not have


def test_with_facts_every_moment_fires_in_ten_minutes_and_hesitation_goes_on_coming_due() -> None:
    """What the demo shows: a past of ten minutes in the log, then events at their instants."""
    plan = SimulationPlan(seed=1, viewers=400, minutes=30)
    simulation = simulate(plan)
    core = Cores().new(active_definitions(), products=simulation.products)
    known = list(simulation.facts(plan.start_ms + 12 * MINUTE_MS))
    boundary = plan.start_ms // DAY_MS * DAY_MS
    core.take_facts(Facts(facts_bytes(known, boundary_ms=boundary)), plan.start_ms)
    classify = load_classifier().classify
    past: Counter[str] = Counter()
    live: Counter[str] = Counter()
    for number in range(620):
        start = plan.start_ms + number * SECOND_MS
        rows = []
        for at, sent in simulation.events_between(start, start + SECOND_MS):
            row = canonical(sent, arrival=at)
            assert isinstance(row, dict)
            classes = {"classes": classify(row["text"])} if "text" in row else {}
            rows.append(row | classes | {"clock": start + 999, "message": number})
        fired = core.run(EventBatch.from_rows(rows))
        (past if number < 600 else live).update(firing.moment for firing in fired)
    assert set(past) == set(load_moments())
    assert live["hesitation"] > 0


def test_lost_and_repeated_messages_do_not_stop_the_room(tmp_path: Path) -> None:
    plan = SimulationPlan(seed=21, viewers=80, minutes=8)
    found, _, _ = replayed(plan, tmp_path / "log.jsonl")
    result = found.result
    assert result.rejected == 0
    assert result.duplicates > 5
    assert result.accepted + result.duplicates + result.late == result.events
