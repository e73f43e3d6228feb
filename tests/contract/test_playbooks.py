"""Every playbook can be copied as it is, in both languages, and acts when its example says."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from qianmian.bootstrap import Cores, active_definitions
from qianmian.bootstrap.catalogs import load_playbooks
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.language.definition import Definition
from qianmian.language.story import DAY_BEGIN_MS, START_MS
from qianmian.learning.danmaku import CLASSES
from qianmian.locales.texts import LOCALES, document
from qianmian.moments.story import end_of, instants_of, rows_of
from qianmian.runtime.messages import Settled, Tick
from qianmian.strategies.compiling import check_strategy, split
from qianmian.strategies.playbook import GROUPS, Playbook
from qianmian.strategies.strategy import DEADLINE_MS, Limits
from qianmian.vocabulary.offer import check_offer
from qianmian.vocabulary.time import MINUTE_MS
from tests.oracle.run import run
from tests.turns import Row, Shop

PLAYBOOKS = load_playbooks()
ACTIVE = active_definitions()
TOLD = {locale: document(locale, "playbooks") for locale in LOCALES}
EACH = [pytest.param(one, id=key) for key, one in PLAYBOOKS.items()]

OF_THE_BRIEF = {
    "new": {"newcomer_gift", "trial_price", "newcomer_guide"},
    "active": {"member_perk", "regulars_only", "matching_items"},
    "dormant": {"wake_up_offer", "what_is_new", "leaving_care", "session_recall"},
    "high_value": {"early_access", "beta_invite", "own_service"},
    "moment": {
        "hesitation_help",
        "comparison_points",
        "cart_reminder",
        "doubt_host",
        "doubt_buyers",
        "returned_welcome",
    },
    "example": {"example_a_coupon", "example_a_style", "example_b"},
}


def words(playbook: Playbook) -> dict[str, dict[str, object]]:
    return {locale: TOLD[locale][playbook.key] for locale in LOCALES}


def compiled(playbook: Playbook, locale: str = "zh-CN") -> Definition:
    strategy = playbook.strategy(words(playbook), locale)
    return check_strategy(strategy, ACTIVE, [playbook.key])


def test_every_group_of_viewers_and_every_moment_has_its_playbooks() -> None:
    found = {
        group: {key for key, one in PLAYBOOKS.items() if one.group == group} for group in GROUPS
    }
    assert found == OF_THE_BRIEF
    for locale in LOCALES:
        assert set(TOLD[locale]) == set(PLAYBOOKS)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("playbook", EACH)
def test_a_copy_could_run_as_it_is(playbook: Playbook, locale: str) -> None:
    compiled(playbook, locale)
    told = words(playbook)
    strategy = playbook.strategy(told, locale)
    assert strategy.mode == "draft"
    assert strategy.reason
    assert set(strategy.title) == {"zh", "en"}
    assert strategy.control > 0
    assert strategy.limits != Limits(per_session=None), "nothing is without a limit"
    assert all(step.title and step.body and step.channel in DEADLINE_MS for step in strategy.steps)
    offer = playbook.offered(told, locale, "CNY")
    assert (offer is None) == (strategy.offer is None) == ("offer" not in told[locale])
    if offer is not None:
        check_offer(offer)
        assert offer.stock is not None, "no playbook promises without an end"
        assert offer.valid_for_ms is not None


SECOND = [pytest.param(one, id=key) for key, one in PLAYBOOKS.items() if one.waits]


def test_there_are_playbooks_whose_second_step_is_acted_out() -> None:
    assert [key for key, one in PLAYBOOKS.items() if one.waits] == ["example_b"]


@pytest.mark.parametrize("playbook", SECOND)
@pytest.mark.parametrize("is_done", [False, True])
def test_the_next_step_goes_unless_the_viewer_did_what_it_waits_for(
    playbook: Playbook, *, is_done: bool
) -> None:
    """Whether the first step arrived or not: here the host has said it."""
    [wait] = playbook.waits
    example, shop = playbook.example, Shop(active=ACTIVE, zero=START_MS)
    full = msgspec.structs.replace(playbook.strategy(words(playbook), "en-US"), mode="full")
    shop.use(0, msgspec.structs.replace(full, control=0))
    [first_at] = [(at - START_MS) // 1_000 for at in instants_of(example)]
    rows = rows_of(example, CLASSES)
    for row in rows:
        told = {name: row[name] for name in row if name not in ("clock", "type", "viewer")}
        shop.happen((row["clock"] - START_MS) / 1_000, Row(0, row["type"], row["viewer"], told))
    viewer, last = rows[0]["viewer"], (rows[-1]["clock"] - START_MS) // 1_000
    for second in range(last + 10, first_at, 10):  # still there
        shop.happen(second, Row(0, "heartbeat", viewer))
    shop.tell(first_at + 1, Tick())
    shop.tell(first_at + 30, Settled(delivered=tuple(one.id for one in shop.decisions)))
    if is_done:
        shop.happen(first_at + 60, Row(0, wait.until, viewer, {"product": "p2"}))
    shop.tell(first_at + wait.ms / 1_000 + 1, Tick())
    expected = [(first_at * 1_000, playbook.channels[0])]
    if not is_done:
        expected.append((first_at * 1_000 + wait.ms, playbook.channels[1]))
    found = [(one.at - START_MS, one.channels[0]) for one in shop.decisions]
    assert found == expected
    assert {one.outcome for one in shop.decisions} == {"act"}


AT_A_MOMENT = [pytest.param(one, id=key) for key, one in PLAYBOOKS.items() if one.schedule is None]
BY_THE_CLOCK = [
    pytest.param(one, id=key) for key, one in PLAYBOOKS.items() if one.schedule is not None
]


@pytest.mark.parametrize("playbook", BY_THE_CLOCK)
def test_it_has_its_turn_when_its_example_says(playbook: Playbook) -> None:
    """What the story tells of profiles is known from history, so whoever is away is known, too."""
    example, rows = playbook.example, rows_of(playbook.example, CLASSES)
    traits = {row["viewer"]: row["traits"] for row in rows if "traits" in row}
    known = [ViewerFacts(viewer, traits=told) for viewer, told in traits.items()]
    shop = Shop(Facts(facts_bytes(known, boundary_ms=DAY_BEGIN_MS)), active=ACTIVE, zero=START_MS)
    full = msgspec.structs.replace(playbook.strategy(words(playbook), "zh-CN"), mode="full")
    shop.use(0, msgspec.structs.replace(full, control=0))
    for row in rows:
        told = {name: row[name] for name in row if name not in ("clock", "type", "viewer")}
        shop.happen((row["clock"] - START_MS) / 1_000, Row(0, row["type"], row.get("viewer"), told))
    for at in range(0, end_of(example) - START_MS + 1, MINUTE_MS):
        if START_MS + at > rows[-1]["clock"]:
            shop.tell(at / 1_000, Tick())
    assert [one.at for one in shop.decisions] == list(instants_of(example))
    assert {one.outcome for one in shop.decisions} == {"act"}


@pytest.mark.parametrize("playbook", AT_A_MOMENT)
def test_it_acts_when_its_example_says(playbook: Playbook) -> None:
    example = playbook.example
    definitions = [*ACTIVE, compiled(playbook)]
    core = Cores().new(definitions, presence=False, session_timeout=False)
    fired = core.run(EventBatch.from_rows(rows_of(example, CLASSES)))
    _, ours = split([*fired, *core.finish(end_of(example))])
    assert [one.at for one in ours] == list(instants_of(example))
    messages = []
    for row in rows_of(example, CLASSES):
        names = [name for name, bit in CLASSES.items() if row.get("classes", 0) >> bit & 1]
        messages.append((row["clock"], [row | {"classes": names}]))
    oracle = run(
        [*ACTIVE, replace(definitions[-1], kind="moment")],
        messages,
        presence=False,
        session_timeout=False,
        finish_at=end_of(example),
    )
    key = definitions[-1].key
    assert [one.at for one in oracle.firings if one.moment == key] == list(instants_of(example))
