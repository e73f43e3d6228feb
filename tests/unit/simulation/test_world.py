from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from qianmian.bootstrap import simulate
from qianmian.errors import InputError
from qianmian.simulation.plan import SimulationPlan, Trouble
from qianmian.simulation.room import Row
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.events import event_type
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.time import DAY_MS, MINUTE_MS, SECOND_MS

PLAN = SimulationPlan(seed=11, viewers=150, minutes=14)


@pytest.fixture(scope="module")
def sent() -> list[tuple[int, Row]]:
    return list(simulate(PLAN).events_between(PLAN.start_ms, PLAN.end_ms + 1))


def test_another_seed_is_another_log(sent: list[tuple[int, Row]]) -> None:
    other = replace(PLAN, seed=12)
    assert list(simulate(other).events_between(PLAN.start_ms, PLAN.end_ms + 1)) != sent


def test_every_event_is_one_that_ingest_takes(sent: list[tuple[int, Row]]) -> None:
    for at, row in sent:
        sender = "browser" if "stream" in row else "server"
        taken = canonical(row, arrival=at, sender=sender)  # type: ignore[arg-type]
        assert not isinstance(taken, Rejected), (row, taken)


def test_a_broadcast_has_everything_that_happens_in_one(sent: list[tuple[int, Row]]) -> None:
    kinds = Counter(row["type"] for _, row in sent)
    assert set(kinds) >= {
        *("room_entered", "room_left", "heartbeat", "product_viewed", "product_left"),
        *("product_clicked", "product_favorited", "cart_added", "cart_removed"),
        *("checkout_started", "order_created", "order_paid", "identity_linked"),
        *("comment_sent", "liked", "shared", "followed", "coupon_claimed"),
        *("session_started", "session_ended", "product_presented", "product_withdrawn"),
        *("promo_started", "promo_ended", "price_changed", "stock_changed", "host_spoke"),
    }


def test_windows_give_what_one_run_gives_also_when_they_go_back(
    sent: list[tuple[int, Row]],
) -> None:
    simulation = simulate(PLAN)
    middle = PLAN.start_ms + 7 * MINUTE_MS
    first = list(simulation.events_between(PLAN.start_ms, middle))
    second = list(simulation.events_between(middle, PLAN.end_ms + 1))
    assert first + second == sent
    assert list(simulation.events_between(middle, middle + SECOND_MS)) == [
        one for one in sent if middle <= one[0] < middle + SECOND_MS
    ]


def test_an_iterator_that_was_left_early_costs_no_event(sent: list[tuple[int, Row]]) -> None:
    simulation = simulate(PLAN)
    some = simulation.events_between(PLAN.start_ms, PLAN.end_ms)
    last = [next(some)[0] for _ in range(100)][-1]
    rest = list(simulation.events_between(last + 1, PLAN.end_ms + 1))
    assert rest == [one for one in sent if one[0] > last]


def test_about_as_many_viewers_are_there_as_planned() -> None:
    plan = SimulationPlan(seed=3, viewers=400, minutes=20, trouble=Trouble.none())
    beats = Counter(
        (row["event_time"] - plan.start_ms) // MINUTE_MS
        for _, row in simulate(plan).events_between(plan.start_ms, plan.end_ms)
        if row["type"] == "heartbeat"
    )
    online = sum(beats[minute] for minute in range(12, 20)) / 8 / 4
    assert 0.7 * plan.viewers < online < 1.3 * plan.viewers


def test_heartbeats_come_every_15_seconds_and_say_how_long_nothing_was_touched() -> None:
    plan = SimulationPlan(seed=5, viewers=60, minutes=8, trouble=Trouble.none())
    last_beat: dict[str, int] = {}
    last_act: dict[str, int] = {}
    beats = 0
    for at, row in simulate(plan).events_between(plan.start_ms, plan.end_ms):
        if "stream" not in row:
            continue
        stream = row["stream"]
        if row["type"] == "heartbeat":
            beats += 1
            assert at - last_beat.get(stream, at - 15 * SECOND_MS) == 15 * SECOND_MS
            assert 0 <= row["idle_ms"] <= at - last_act[stream]
            last_beat[stream] = at
        elif event_type(row["type"]).operation:
            last_act[stream] = at
            if row["type"] == "room_entered":
                last_beat[stream] = at
    assert beats > 1_000


def test_orders_come_from_the_shop_and_cost_what_their_lines_do(
    sent: list[tuple[int, Row]],
) -> None:
    orders = [row for _, row in sent if row["type"] in ("order_created", "order_paid")]
    assert len(orders) > 5
    for order in orders:
        assert "stream" not in order
        assert order["amount"] == sum(line["amount"] for line in order["items"])
        assert all(line["amount"] == line["price"] * line["quantity"] for line in order["items"])


def test_a_refund_gives_back_a_line_of_a_paid_order() -> None:
    plan = SimulationPlan(seed=2, viewers=1_200, minutes=15, trouble=Trouble.none())
    paid: dict[str, Row] = {}
    refunds = 0
    for _, row in simulate(plan).events_between(plan.start_ms, plan.end_ms):
        if row["type"] == "order_paid":
            paid[row["order_id"]] = row
        elif row["type"] == "order_refunded":
            refunds += 1
            assert 0 < row["amount"] <= paid[row["order_id"]]["amount"]
            assert row["items"][0] in paid[row["order_id"]]["items"]
    assert refunds > 0


def test_who_logs_in_goes_on_under_the_known_id(sent: list[tuple[int, Row]]) -> None:
    linked: dict[str, int] = {}
    for at, row in sent:
        if row["type"] == "identity_linked":
            linked[row["anonymous_id"]] = at
        elif row.get("anonymous_id") in linked:  # only what had happened before comes later
            assert row["event_time"] <= linked[row["anonymous_id"]]
    assert linked


def test_nobody_guesses_an_anonymous_id(sent: list[tuple[int, Row]]) -> None:
    ids = {row["anonymous_id"] for _, row in sent if "anonymous_id" in row}
    assert len(ids) > 200
    assert {len(one) for one in ids} == {27}


def test_a_second_tab_is_another_stream_of_the_same_visit(sent: list[tuple[int, Row]]) -> None:
    tabs = {(row["viewer"], row["visit"]) for _, row in sent if row.get("page_id") == "t2"}
    assert tabs
    for viewer, visit in tabs:
        streams = {
            row["stream"]
            for _, row in sent
            if row.get("viewer") == viewer and row.get("visit") == visit and "stream" in row
        }
        assert len(streams) == 2


def test_a_wrong_clock_is_known_and_does_not_move_the_event() -> None:
    simulation = simulate(PLAN)
    skews = set()
    for at, row in simulation.events_between(PLAN.start_ms, PLAN.end_ms):
        assert row["event_time"] <= at
        skews.add(simulation.skew_ms(row))
    assert len(skews) > 3
    assert all(abs(skew) <= 3_600_000 for skew in skews)


def test_facts_are_of_known_viewers_who_come_and_some_were_away_for_long() -> None:
    simulation = simulate(PLAN)
    until = PLAN.start_ms + 10 * MINUTE_MS
    facts = {one.viewer: one for one in simulation.facts(until)}
    came = {row.get("viewer") for _, row in simulation.events_between(PLAN.start_ms, until)}
    assert set(facts) <= came
    long_ago = [one for one in facts.values() if PLAN.start_ms - (one.last_seen or 0) > 30 * DAY_MS]
    assert 0 < len(long_ago) < len(facts) / 2
    assert all((one.first_seen or 0) <= (one.last_seen or 0) < PLAN.start_ms for one in long_ago)


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ({"viewers": 0}, "viewers"),
        ({"viewers": 2_000_000}, "viewers"),
        ({"minutes": 0}, "minutes"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(plan: dict[str, int], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        replace(PLAN, **plan)  # type: ignore[arg-type]


def test_shares_of_trouble_are_shares() -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        Trouble(lost_share=-0.1)
    with pytest.raises(InputError, match="exceed 1"):
        Trouble(lost_share=0.6, late_share=0.6)
