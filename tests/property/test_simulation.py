"""Laws of a simulated log, whatever the plan."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from qianmian.bootstrap import simulate
from qianmian.simulation.plan import SimulationPlan, Trouble
from qianmian.simulation.world import LATE_MS

SHARES = st.sampled_from((0.0, 0.01, 0.2))
PLANS = st.builds(
    SimulationPlan,
    seed=st.integers(0, 1 << 62),
    viewers=st.integers(1, 60),
    minutes=st.integers(1, 5),
    start_ms=st.integers(0, 1 << 41),
    trouble=st.builds(Trouble, SHARES, SHARES, SHARES, SHARES, SHARES),
)


@given(PLANS)
def test_sending_time_never_goes_back_and_nothing_is_sent_before_it_happens(
    plan: SimulationPlan,
) -> None:
    before = plan.start_ms
    for at, row in simulate(plan).events_between(plan.start_ms, plan.end_ms + 1):
        assert before <= at <= plan.end_ms
        assert at - LATE_MS[1] <= row["event_time"] <= at
        before = at


@given(PLANS)
def test_every_stream_counts_from_one_and_only_what_was_lost_is_missing(
    plan: SimulationPlan,
) -> None:
    simulation = simulate(plan)
    seqs: dict[str, dict[int, int]] = {}
    for _, row in simulation.events_between(plan.start_ms, plan.end_ms + 1):
        if "stream" in row:
            seqs.setdefault(row["stream"], {})[row["seq"]] = row["event_time"]
    lost = {tuple(name.split("-")) for name in simulation.truth.lost}
    ordered = plan.trouble.slow_share == plan.trouble.late_share == 0.0
    for stream, instants in seqs.items():
        times = [instants[seq] for seq in sorted(instants)]
        assert times == sorted(times)
        if ordered:  # otherwise what is held back may miss the end of the broadcast
            missing = set(range(1, max(instants) + 1)) - set(instants)
            assert {(stream, str(seq)) for seq in missing} <= lost


@given(PLANS)
def test_what_goes_wrong_is_what_the_truth_says(plan: SimulationPlan) -> None:
    simulation = simulate(plan)
    sent = list(simulation.events_between(plan.start_ms, plan.end_ms + 1))
    times = Counter(row["message_id"] for _, row in sent)
    late = {row["message_id"] for at, row in sent if at - row["event_time"] > 5_000}
    again = {name for name, count in times.items() if count > 1}
    assert late <= set(simulation.truth.late) | set(simulation.truth.duplicated)
    assert again <= set(simulation.truth.duplicated)
    assert not set(times) & set(simulation.truth.lost)
    assert max(times.values()) <= 2


@given(PLANS)
def test_no_trouble_means_once_and_at_once(plan: SimulationPlan) -> None:
    calm = SimulationPlan(plan.seed, plan.viewers, plan.minutes, trouble=Trouble.none())
    sent = list(simulate(calm).events_between(calm.start_ms, calm.end_ms + 1))
    assert all(at == row["event_time"] for at, row in sent)
    assert len({row["message_id"] for _, row in sent}) == len(sent)
    assert sent[0][1]["type"] == "session_started"
    assert sent[-1][1]["type"] == "session_ended"
