"""A shop with strategies dies at every named step: nothing is given twice, too late, or too much.

The steps are those of the log (`mortal_server.py`) and those between a decision and its coupon.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from qianmian.bootstrap.installation import open_database
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Decided, Settled, StrategiesChanged
from qianmian.runtime.spending import Spending
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.tables import ISSUED_CODES, LEDGER_ENTRIES
from qianmian.strategies.ledger import Change
from qianmian.strategies.strategy import Strategies
from qianmian.vocabulary.decision import ACT, SUPPRESSED, Decision, decision_id
from tests.contract.mortal_server import Step
from tests.contract.mortal_shop import MADE, OF_THE_SHOP, POOL, SENT, STEPS, shop_in
from tests.contract.survivors import empty_live
from tests.contract.test_server_exits import EXITS, die_often, mortals

MODULE = "tests.contract.mortal_shop"


def check_shop(home: Path) -> Counter[str]:
    """What must hold of a shop after whatever killed its servers.

    Returns: how often what happened, so that a test sees that it tested something.
    """
    snapshots = SnapshotFolder(home / "snapshots")
    log = SegmentLog(home / "log", known_offset=snapshots.newest_offset or 0)
    try:
        live, rows, logged, released = retold(log)
        again = empty_live()
        assert not again.recover(log, snapshots), "all that was decided is in the log"
        assert again.decider.snapshot() == live.decider.snapshot()
    finally:
        log.close()
    assert stored(home) == {
        name: (*one.held[:3], one.held.code, one.state) for name, one in rows.items()
    }
    check_caps(logged)
    told = check_sent(home, logged, released, rows)
    reasons = Counter(one.reason for one in logged if one.outcome == SUPPRESSED)
    return told | reasons | Counter(states=len({one.state for one in rows.values()}))


def retold(
    log: SegmentLog,
) -> tuple[Live, dict[str, Change], list[Decision], set[str]]:
    """The log once more from its begin, decided anew; limits hold after each message.

    Returns: the end, the rows of the ledger, what the log says was decided, and what was released.
    """
    live, spending = empty_live(), Spending()
    live.decider.ledger.journal = []
    rows: dict[str, Change] = {}
    logged, found, released = list[Decision](), list[Decision](), set[str]()
    rules = Strategies()
    for message in log.read(0):
        found += live.apply(message).decisions
        body, ledger = message.body, live.decider.ledger
        rows |= {one.decision: one for one in spending.durable(body, ledger.take_changes())}
        if isinstance(body, StrategiesChanged):
            rules = body.strategies
        elif isinstance(body, Decided):
            logged += body.decisions
        elif isinstance(body, Settled):
            released |= set(body.released)
        check_limits(live, rules)
    assert [one.id for one in logged] == [one.id for one in found], "nobody decided otherwise"
    assert [*map(plain, logged)] == [*map(plain, found)]
    assert len({one.id for one in logged}) == len(logged)
    return live, rows, logged, released


def plain(one: Decision) -> tuple[Any, ...]:
    return one.at, one.outcome, one.reason, one.viewer, one.code, one.deadline_at


def check_limits(live: Live, rules: Strategies) -> None:
    ledger = live.decider.ledger
    for offer in rules.offers:
        assert 0 <= ledger.given[offer.key] <= (offer.stock or 0)
    for one in rules.strategies:
        budget = one.limits.budget_minor
        assert budget is None or 0 <= ledger.spent[one.key] <= budget
    assert ledger.codes["ten"] <= POOL


def stored(home: Path) -> dict[str, tuple[Any, ...]]:
    """The rows of the ledger as programs read them."""
    with open_database(home) as database, database.read() as connection:
        found = connection.execute(sa.select(LEDGER_ENTRIES)).mappings().all()
    names = "strategy", "offer", "cost_minor", "code", "state"
    return {row["decision"]: tuple(row[n] for n in names) for row in found}


def check_caps(logged: Iterable[Decision]) -> None:
    """Of one person in one session, on each prefix: four, two of coupons, one thank you."""
    most = {"": 4, "coupons": 2, "gifts": 2, "thanks": 1}
    seen, last = Counter[tuple[Any, ...]](), dict[str | None, int]()
    for one in logged:
        if one.outcome == SUPPRESSED or one.after:
            continue
        for key in ("", one.strategy):
            seen[one.viewer, one.session, key] += 1
            assert seen[one.viewer, one.session, key] <= most.get(key, 4)
        assert one.at - last.get(one.viewer, 0) >= 2_000
        last[one.viewer] = one.at


def check_sent(
    home: Path, logged: list[Decision], released: set[str], rows: Mapping[str, Change]
) -> Counter[str]:
    """Each coupon was decided before, in time, once, the same with each attempt, and none lost."""
    acts = {one.id: one for one in logged if one.outcome == ACT}
    lines = [json.loads(line) for line in (home / SENT).read_text().splitlines()]
    made = check_made(home, acts.values())
    bodies: dict[str, str] = {}
    has: dict[str, str] = {}
    done = set[str]()
    for one in lines:
        act = acts[one["id"]]
        assert act.channels[0] == "webhook"
        assert one["at"] <= act.deadline_at
        assert bodies.setdefault(act.id, one["body"]) == one["body"]
        told = json.loads(one["body"])["data"]
        if act.strategy == "gifts":
            assert told["offer"]["code"] == made[act.first], "the code that was made for this act"
        assert told["viewer"] == act.viewer
        if not one["given"]:
            continue
        done.add(act.id)
        if act.strategy == "coupons":
            code = told["offer"]["code"]
            owner = decision_id(act.firing, act.strategy, act.version)
            assert code == f"TEN-{act.code:04}"
            assert has.setdefault(code, owner) == owner
    expected = {one.id for one in acts.values() if one.channels[0] == "webhook"}
    lost = expected - {one["id"] for one in lines} - released
    assert {acts[name].strategy for name in lost} <= {"coupons", "gifts"}, "no thank you is lost"
    for name in lost:  # servers died until its twenty seconds were over: the next step has it
        assert rows[name].state == "given_back"
    assert not done & released, "what was given is not given back"
    tries = Counter(one["id"] for one in lines)
    again = sum(n > 1 for n in tries.values())
    found = Counter(given=len(done), again=again, codes=len(has), made=len(made))
    return found | Counter(released=len(released & expected))


def check_made(home: Path, acts: Iterable[Decision]) -> dict[str, str]:
    """Codes that were made: one for an act that was decided, and kept as it was made.

    Returns: the code by act.
    """
    told = [json.loads(line) for line in (home / MADE).read_text().splitlines()]
    made: dict[str, str] = {one["act"]: one["code"] for one in told}
    assert len(told) == len(made) == len(set(made.values()))
    assert made.keys() <= {one.first for one in acts if one.strategy == "gifts"}
    with open_database(home) as database, database.read() as connection:
        kept = connection.execute(sa.select(ISSUED_CODES)).mappings().all()
    codes = {row["act"]: row["code"] for row in kept if row["state"] == "issued"}
    assert codes.items() <= made.items()
    return made


def exits(home: Path, count: int, steps: Mapping[str, Step] = STEPS) -> Counter[str]:
    with mortals(home, MODULE, shop_in) as lives:
        die_often(lives, count, steps)
        return check_shop(home)


def test_a_shop_that_dies_often_gives_each_coupon_once_in_time_and_within_its_limits(
    tmp_path: Path,
) -> None:
    told = exits(tmp_path / "home", len(OF_THE_SHOP), OF_THE_SHOP)
    assert min(told[name] for name in ("given", "again", "codes", "made")) > 0, told


@pytest.mark.long
def test_many_exits_of_a_shop_give_nothing_twice_too_late_or_too_much(tmp_path: Path) -> None:
    """A hundred; `make bench-long` asks for a thousand."""
    told = Counter[str]()
    for round_number in range(max(EXITS // 100, 1)):
        told += exits(tmp_path / f"home-{round_number}", 100)
    wanted = ("given", "again", "released", "codes", "made", "per_session", "stock")
    assert min(told[name] for name in wanted) > 0, told
