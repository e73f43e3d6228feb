"""Strategies over the API: written, tried, approved by another, running, stopped, explained."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from qianmian.language.definition import STRATEGY_PREFIX
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Decided
from qianmian.storage.sql.audit import SYSTEM
from qianmian.strategies.deciding import HOLDOUT_SEED
from qianmian.vocabulary.decision import Decision
from tests.serving import WAIT_S, Served, now_ms, served
from tests.strategy_shop import somebody
from tests.unit.server.test_stranded import waiting

NUMBERS = itertools.count()
OFFER = {
    "title": "立减十元",
    "rules": "每人一张",
    "amount_minor": 1000,
    "cost_minor": 1000,
    "stock": 5,
}
STRATEGY: dict[str, Any] = {
    "moment": "price_question",
    "title": {"zh": "问价送券", "en": "a coupon for who asks the price"},
    "reason": "问价的人想买",
    "steps": [{"channel": "in_room", "title": "给你的券", "body": "{offer|优惠}，现在用正好"}],
    "offer": "ten_off",
    "ramp": 10_000,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def boss(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        client.headers["x-csrf-token"] = client.post("/first-account", json=given).json()["csrf"]
        yield client


@pytest.fixture(scope="module")
def maker(server: Served, boss: httpx.Client) -> Iterator[httpx.Client]:
    made = boss.post("/api-keys", json={"name": "小王", "role": "operator"}).json()
    headers = {"authorization": f"Bearer {made['secret']}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers, timeout=WAIT_S) as client:
        yield client


def fine(answer: httpx.Response) -> Any:
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def rules(server: Served) -> list[tuple[str, int, str]]:
    """What decides in the engine."""

    def read(live: Live) -> list[tuple[str, int, str]]:
        return [(one.key, one.version, one.mode) for one in live.decider.rules.strategies]

    return server.home.deployment.engine.ask(read).result(WAIT_S)


def step(who: httpx.Client, key: str, version: int, name: str, why: str = "") -> httpx.Response:
    place = "approval" if name in ("approve", "send_back", "widen") else "step"
    return who.post(
        f"/strategies/{key}/versions/{version}/{place}", json={"step": name, "why": why}
    )


CLOCK: dict[str, Any] = {"moment": "", "schedule": {"daily": "20:00"}, "whom": ["carted_unpaid"]}


def send(server: Served, event: str, viewers: tuple[str, ...], **properties: str) -> None:
    events = [
        {"type": "track", "event": event, "userId": one, "messageId": f"{event}-{next(NUMBERS)}"}
        | {"properties": {"room": "r1", **properties}}
        for one in viewers
    ]
    answer = httpx.post(
        f"{server.url}/v1/batch", json={"batch": events}, auth=(server.key, ""), timeout=WAIT_S
    )
    assert answer.json()["accepted"] == len(viewers)


def ask_the_price(server: Served, *viewers: str) -> None:
    send(server, "comment_sent", viewers, text="多少钱")


def adds(server: Served, *viewers: str) -> None:
    send(server, "cart_added", viewers, product="p1")


def enters(server: Served, *viewers: str) -> None:
    send(server, "room_entered", viewers)


def decided(server: Served, viewer: str) -> Decision:
    """The decision about a viewer, when it is in the log."""

    def found() -> list[Decision]:
        bodies = [one.body for one in server.home.log.read(0)]
        return [
            one
            for body in bodies
            if isinstance(body, Decided)
            for one in body.decisions
            if one.viewer == viewer
        ]

    _until(lambda: bool(found()))
    return found()[0]


def _until(is_so: Callable[[], bool]) -> None:
    until = now_ms() + WAIT_S * 1_000
    while not is_so():
        assert now_ms() < until


def test_a_channel_that_is_not_set_up_is_told_before_anything_runs(
    server: Served, maker: httpx.Client
) -> None:
    push = {"channel": "push", "title": "回来看看"}
    alone = STRATEGY | {"key": "recall", "offer": None, "steps": [push]}
    told = fine(maker.post("/strategies/check", json=alone))
    assert (told["usable"], told["field"]) == (False, "steps")
    assert "push_secret" in told["problem"]
    fine(maker.put("/strategies/recall/draft", json=alone))
    assert code(step(maker, "recall", 1, "rehearse")) == (422, "input")
    others = [{"channel": "sms", "title": "回来"}, {"channel": "follow_up", "title": "请他回来"}]
    falls = alone | {"steps": [push, *others]}
    told = fine(maker.post("/strategies/check", json=falls))
    assert (told["usable"], told["passed_over"]) == (True, ["push", "sms"])
    fine(maker.delete("/strategies/recall/draft"))


def test_what_waits_for_a_channel_without_settings_is_seen(
    server: Served, boss: httpx.Client
) -> None:
    server.home.outbox.add([waiting("lost", "email", now_ms())], lambda _: False)
    found = {one["channel"]: one for one in fine(boss.get("/channels"))}
    assert (found["email"]["is_on"], found["email"]["states"]) == (False, {"waiting": 1})
    _until(lambda: "any more: 1;" in (fine(boss.get("/health/data"))["engine"]["problem"] or ""))
    server.home.outbox.end("lost", "withdrawn", "")
    _until(lambda: fine(boss.get("/health/data"))["engine"]["problem"] is None)


def test_from_a_draft_to_a_coupon(server: Served, boss: httpx.Client, maker: httpx.Client) -> None:
    fine(boss.put("/offers/ten_off", json=OFFER))
    assert code(maker.put("/offers/mine", json=OFFER)) == (403, "session.role")
    fine(maker.put("/strategies/help/draft", json=STRATEGY))
    told = fine(maker.post("/strategies/check", json=STRATEGY | {"key": "help"}))
    assert told["usable"]
    assert told["sentence"]["zh"].endswith("（未成年人除外）")
    assert told["sentence"]["en"].endswith("(minors left out)")
    assert "13-17" not in told["sentence"]["zh"], "which bands mean a minor is no part of it"
    assert told["deadlines_ms"] == [60_000]
    assert code(step(maker, "help", 1, "approve")) == (403, "session.role")
    fine(step(maker, "help", 1, "rehearse"))
    assert rules(server) == [("help", 1, "dry_run")]
    seen = somebody("help", 1_000, inside=False)
    ask_the_price(server, seen)
    assert decided(server, seen).is_rehearsal
    fine(step(maker, "help", 1, "ask"))
    assert rules(server) == []
    assert code(step(boss, "help", 1, "widen")) == (422, "input")
    detail = fine(step(boss, "help", 1, "approve"))
    assert (detail["mode"], detail["now"]["approved_by"]) == ("ramp", "老板")
    assert rules(server) == [("help", 1, "ramp")]
    asks = somebody("help", 1_000, inside=False, name="a{}")
    ask_the_price(server, asks)
    assert not decided(server, asks).is_rehearsal
    fine(step(boss, "help", 1, "widen"))
    listed = fine(boss.get("/strategies"))
    assert [(one["key"], one["mode"], one["names"]["zh"]) for one in listed] == [
        ("help", "full", "问价送券")
    ]
    (offer,) = fine(boss.get("/offers"))
    assert offer["used_by"] == ["help"]
    assert code(boss.delete("/offers/ten_off")) == (422, "definition.in_use")


def test_every_playbook_can_run_in_a_shop_as_it_comes(boss: httpx.Client) -> None:
    found = fine(boss.get("/playbooks"))
    assert len(found) > 20
    for one in found:
        for language in ("zh", "en"):
            if one["offer"] is not None:
                fine(boss.put(f"/offers/{one['key']}", json=one["offer"][language]))
            told = fine(boss.post("/strategies/check", json=one["strategy"][language]))
            assert told["usable"], (one["key"], told["problem"])
        fine(boss.put(f"/strategies/{one['key']}/draft", json=one["strategy"]["zh"]))
        assert boss.delete(f"/strategies/{one['key']}/draft").status_code == 204


def test_the_red_switch_stops_everything_at_once(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    assert fine(maker.put("/switch", json={"is_stopped": True, "why": "价格写错了"}))["is_stopped"]
    late = somebody("help", 1_000, inside=False, name="l{}")
    ask_the_price(server, late)
    assert decided(server, late).reason == "switch"
    limits = fine(boss.get("/limits"))["guardrails"]
    assert limits["is_stopped"]
    fine(boss.put("/limits", json={"guardrails": limits | {"per_day": 9, "is_stopped": False}}))
    assert fine(maker.get("/switch"))["is_stopped"], "limits do not turn the switch"
    assert not fine(maker.put("/switch", json={"is_stopped": False}))["is_stopped"]


def test_a_new_version_goes_through_approval_and_then_takes_the_place(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    fine(maker.put("/strategies/help/draft", json=STRATEGY | {"priority": 80}))
    assert code(step(maker, "help", 2, "rehearse")) == (422, "input")
    fine(step(maker, "help", 2, "ask"))
    assert rules(server) == [("help", 1, "full")]
    assert code(step(boss, "help", 2, "send_back")) == (422, "input"), "say why"
    fine(step(boss, "help", 2, "send_back", "太贵了"))
    fine(step(boss, "help", 2, "ask"))
    assert code(step(boss, "help", 2, "approve")) == (422, "input.self_approval")
    fine(boss.put("/limits", json={"single_person": True, "why": "就我一个"}))
    detail = fine(step(boss, "help", 2, "approve"))
    assert rules(server) == [("help", 2, "ramp")]
    assert detail["now"]["strategy"].get("ramp", 1_000) == 1_000
    assert [(one["version"], one["mode"]) for one in detail["history"]] == [
        (2, "ramp"),
        (1, "ended"),
    ]
    fine(step(maker, "help", 2, "end", "活动结束"))
    assert rules(server) == []
    fine(boss.delete("/offers/ten_off"))


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"moment": "price_qestion"}, None, "price_question"),
        ({"steps": [{"channel": "pigeon"}]}, "steps[0].channel", "pigeon"),
        ({"steps": [{"channel": "in_room", "body": "{offer}"}]}, "steps[0].body", "no fallback"),
        ({"control": 0}, "why_no_control", "control"),
        ({"offer": "none"}, None, "none"),
        ({"colour": "red"}, None, "colour"),
        ({"schedule": {"daily": "20:00"}}, "schedule", "one thing that starts it"),
        (CLOCK | {"schedule": {}}, "schedule", "one thing that starts it"),
        (CLOCK | {"schedule": {"daily": "20:00", "after_ms": 1_000}}, "schedule", "one thing"),
        (CLOCK | {"schedule": {"daily": "25:00"}}, "schedule.daily", "regex"),
        (CLOCK | {"schedule": {"every_ms": 30_000}}, "schedule.every_ms", "once a minute"),
        (CLOCK | {"schedule": {"before_ms": 60_000}}, "steps[0].channel", "nobody is in its room"),
        (CLOCK | {"whom": []}, "whom", "segment"),
        (CLOCK | {"whom": ["carted_unpayed"]}, None, "carted_unpaid"),
    ],
)
def test_what_could_not_run_says_where(
    maker: httpx.Client, change: dict[str, Any], field: str | None, says: str
) -> None:
    plain = {name: one for name, one in STRATEGY.items() if name != "offer"}
    told = fine(maker.post("/strategies/check", json=plain | {"key": "broken"} | change))
    assert not told["usable"]
    assert says in told["problem"]
    assert told["field"] == field


def test_why_nothing_happened_to_somebody_is_one_question(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    plain = {name: one for name, one in STRATEGY.items() if name not in ("offer", "ramp")}
    fine(
        maker.put("/strategies/cart/draft", json=plain | {"conditions": "cart_added this session"})
    )
    fine(step(maker, "cart", 1, "ask"))
    fine(step(boss, "cart", 1, "approve"))
    fine(step(boss, "cart", 1, "widen"))
    bold = somebody("cart", 1_000, inside=False, name="w{}")
    held = somebody("cart", 1_000, inside=True, name="w{}")
    shy, silent = f"{bold}-shy", f"{bold}-silent"
    adds(server, bold, held)
    ask_the_price(server, bold, held, shy)
    enters(server, silent)
    assert (decided(server, bold).outcome, decided(server, held).reason) == ("act", "control")

    def why(viewer: str) -> dict[str, Any]:
        page = fine(maker.get(f"/rooms/r1/viewers/{viewer}/decisions"))
        (found,) = [one for one in page["strategies"] if one["strategy"] == "cart"]
        assert [one["id"] for one in page["decisions"] if one["strategy"] == "cart"] == (
            [found["decision"]["id"]] if found["decision"] else []
        )
        return dict(found)

    assert why(bold)["verdict"] == "decided"
    assert why(bold)["decision"]["says"] == {"zh": "发出", "en": "sent on its way"}
    assert "对照组" in why(held)["decision"]["says"]["zh"]
    missed = why(shy)
    assert (missed["verdict"], missed["decision"]) == ("not_held", None)
    assert missed["fired_at"] is not None
    assert [one["holds"] for one in missed["guards"]] == [False, True]
    assert "购" in missed["guards"][0]["sentence"]["zh"]
    assert why(silent)["verdict"] == "not_fired"
    customer_service_does_not_know_who_is_held_out(server, boss, bold, held)

    def today() -> tuple[int, int]:
        (listed,) = [one for one in fine(boss.get("/strategies")) if one["key"] == "cart"]
        return listed["today"]["acted"], listed["today"]["held_out"]

    _until(lambda: today() == (1, 1))
    told = fine(boss.get("/strategies/cart/decisions"))
    assert {one["viewer"] for one in told} == {bold, held}

    def counted() -> set[str]:
        return set(fine(boss.get("/rooms/r1/board"))["firings_by_moment"])

    _until(lambda: "price_question" in counted())
    assert not any(key.startswith(STRATEGY_PREFIX) for key in counted())
    assert {one["strategy"] for one in fine(boss.get("/rooms/r1/decisions"))} >= {"cart", "help"}


def test_a_strategy_by_the_clock_says_when_and_why_not(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    """Over in the room that has been open for long; it comes a second into the new one."""
    plain = {name: one for name, one in STRATEGY.items() if name != "offer"} | CLOCK
    timed = plain | {"schedule": {"after_ms": 1_000}}
    told = fine(maker.post("/strategies/check", json=timed | {"key": "timed"}))
    assert "开播后 1 秒" in told["sentence"]["zh"]
    assert told["sentence"]["en"].startswith("1 second after a session starts")
    kept = fine(maker.put("/strategies/timed/draft", json=timed))["draft"]["strategy"]
    assert kept["schedule"] == {"after_ms": 1_000}
    buyer = somebody("timed", 1_000, inside=False, name="t{}")
    adds(server, buyer)
    opened = now_ms()
    _until(lambda: server.site.deployment.engine.applied_clock > opened + 2_000)
    fine(step(maker, "timed", 1, "ask"))
    fine(step(boss, "timed", 1, "approve"))
    fine(step(boss, "timed", 1, "widen"))

    def why(room: str) -> dict[str, Any]:
        page = fine(maker.get(f"/rooms/{room}/viewers/{buyer}/decisions"))
        (found,) = [one for one in page["strategies"] if one["strategy"] == "timed"]
        return dict(found)

    assert (why("r1")["verdict"], why("r1")["fired_at"]) == ("not_due", None)
    send(server, "cart_added", (buyer,), room="clock", product="p1")
    found = decided(server, buyer)
    assert (found.strategy, found.room, found.outcome) == ("timed", "clock", "act")
    _until(lambda: bool(fine(boss.get("/strategies/timed/decisions"))))
    (listed,) = fine(boss.get("/strategies/timed/decisions"))
    assert listed["scheduled_at"] == found.scheduled_at
    assert listed["moment"] == ""
    decision = why("clock")
    assert (decision["verdict"], decision["fired_at"]) == ("decided", found.scheduled_at)
    send(server, "room_entered", (f"{buyer}-late",), room="clock")
    page = fine(maker.get(f"/rooms/clock/viewers/{buyer}-late/decisions"))
    (missed,) = [one for one in page["strategies"] if one["strategy"] == "timed"]
    assert missed["verdict"] == "not_held"
    fine(step(maker, "timed", 1, "end", "试完了"))


def customer_service_does_not_know_who_is_held_out(
    server: Served, boss: httpx.Client, bold: str, held: str
) -> None:
    """Or they would write to the control group, and nothing could be measured any more."""
    made = fine(boss.post("/api-keys", json={"name": "客服", "role": "service"}))
    headers = {"authorization": f"Bearer {made['secret']}"}
    with httpx.Client(base_url=f"{server.url}/api", headers=headers, timeout=WAIT_S) as service:
        for path in ("/rooms/r1/decisions", "/strategies/cart/decisions"):
            outcomes = {one["outcome"] for one in fine(service.get(path))}
            assert "act" in outcomes, path
            assert "held_out" not in outcomes, path
        for viewer, verdicts in ((bold, ["decided"]), (held, [])):
            page = fine(service.get(f"/rooms/r1/viewers/{viewer}/decisions"))
            found = [one["verdict"] for one in page["strategies"] if one["strategy"] == "cart"]
            assert found == verdicts, viewer
            assert len(page["decisions"]) == len(verdicts)


def test_the_host_is_told_what_to_say_and_who_is_held_out_is_not_spoken_to(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    said = {"channel": "host", "title": "讲一下价格", "body": "{product|这款}今晚多少钱"}
    plain = {name: one for name, one in STRATEGY.items() if name not in ("offer", "steps")}
    plain |= {"control": 0, "why_no_control": "按时间片轮流的在别处验证"}
    fine(maker.put("/strategies/tell/draft", json=plain | {"steps": [said], "priority": 99}))
    for who, name in ((maker, "ask"), (boss, "approve"), (boss, "widen")):
        fine(step(who, "tell", 1, name))
    free = somebody("tell", 1_000, inside=False, name="h{}")
    held = somebody(f"{HOLDOUT_SEED}default", 500, inside=True, name="h{}")
    ask_the_price(server, held)
    assert decided(server, held).reason == "global_holdout"
    assert fine(maker.get("/rooms/r1/prompts"))["prompts"] == []
    ask_the_price(server, free)
    _until(lambda: bool(fine(maker.get("/rooms/r1/prompts"))["prompts"]))
    (card,) = fine(maker.get("/rooms/r1/prompts"))["prompts"]
    assert (card["title"], card["body"], card["why"]) == (
        "讲一下价格",
        "这款今晚多少钱",
        "问价送券",
    )
    assert free not in json.dumps(card), "a card names nobody"
    assert 0 < card["deadline_at"] - card["at"] <= 90_000
    place = f"/rooms/r1/prompts/{card['id']}"
    fine(maker.post(place, json={"answer": "said"}))
    assert code(boss.post(place, json={"answer": "skipped"})) == (422, "definition.not_there")
    assert fine(maker.get("/rooms/r1/prompts"))["prompts"] == []
    fine(step(maker, "tell", 1, "end", "讲完了"))


def test_what_is_missing_is_told(boss: httpx.Client, maker: httpx.Client) -> None:
    assert code(maker.get("/strategies/nothing")) == (422, "definition.not_there")
    assert code(maker.delete("/strategies/nothing/draft")) == (422, "definition.not_there")
    assert code(step(maker, "nothing", 1, "ask")) == (422, "definition.not_there")
    assert code(boss.put("/offers/x", json={"title": "x", "rules": " "})) == (422, "input")
    for wrong in ({"title": "a\x00b"}, {"rules": "\u202e谁都有"}):
        assert code(boss.put("/offers/x", json=OFFER | wrong)) == (422, "input")
    for good in ("一行\n两行", "满\u3000200", "\U0001f469\u200d\U0001f467 全家可用"):
        assert boss.put("/offers/two_lines", json=OFFER | {"rules": good}).is_success
    fine(boss.delete("/offers/two_lines"))
    holdout = {"guardrails": {"holdout": 0}}
    assert code(boss.put("/limits", json=holdout)) == (422, "input")


def test_what_another_process_changes_is_followed(server: Served, maker: httpx.Client) -> None:
    fine(maker.put("/strategies/other/draft", json=STRATEGY | {"offer": None}))
    found = server.home.strategy_store
    actor = next(one for one in found.read().versions if one.key == "other")
    assert actor.mode == "draft"
    found.take("other", 1, "rehearse", SYSTEM)
    follow = asyncio.run_coroutine_threadsafe(server.site.strategies.follow(), server.loop)
    follow.result(WAIT_S)
    assert ("other", 1, "dry_run") in rules(server)


def test_a_trial_on_the_evening_says_what_was_decided_and_a_draft_what_would_have_been(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    found: list[dict[str, Any]] = []

    def is_recorded() -> bool:
        found[:] = fine(maker.get("/recorded-sessions"))
        return any(one["room"] == "r1" for one in found)

    fine(boss.put("/offers/ten_off", json=OFFER))
    fine(maker.put("/strategies/trialed/draft", json=STRATEGY | {"offer": None}))
    assert code(maker.get("/strategies/trialed/versions/1/trial")) == (422, "definition.not_there")
    ask_the_price(server, "t1", "t2")
    _until(is_recorded)
    place = {
        name: next(one for one in found if one["room"] == "r1")[name]
        for name in ("room", "session")
    }
    wrong = maker.post("/strategies/trialed/versions/1/trial", json=place | {"session": "other"})
    assert code(wrong) == (422, "definition.not_there")

    def tried(key: str, version: int) -> dict[str, Any]:
        path = f"/strategies/{key}/versions/{version}/trial"
        assert maker.post(path, json=place).status_code == 202
        _until(lambda: fine(maker.get(path))["state"] != "running")
        told: dict[str, Any] = fine(maker.get(path))
        assert (told["state"], told["problem"]) == ("done", None)
        return told

    draft = tried("trialed", 1)["result"]
    assert not draft["was_there"]
    count = draft["acts"] + draft["held_out"] + sum(one["count"] for one in draft["stops"])
    assert count >= 2  # both asked; others had asked before
    for one in draft["stops"]:
        assert one["says"]["zh"]
        assert one["says"]["zh"] != one["says"]["en"]
    fine(maker.put("/strategies/broken/draft", json=STRATEGY | {"moment": "nothing_there"}))
    broken = maker.post("/strategies/broken/versions/1/trial", json=place)
    assert code(broken) == (404, "definition.unknown_name")


def test_what_a_bound_let_go_is_counted_and_said_where_it_matters(
    server: Served, boss: httpx.Client, maker: httpx.Client
) -> None:
    wanted = "sum(order_paid.amount) this session >= ¥900"
    body = STRATEGY | {"offer": None, "conditions": wanted}
    fine(maker.put("/strategies/spends/draft", json=body))
    fine(step(maker, "spends", 1, "ask"))
    fine(step(boss, "spends", 1, "approve"))
    paid = [
        {"type": "order_paid", "viewer": who, "room": "r1", "amount": 100, "currency": "CNY"}
        | {"order_id": f"{who}-{n}"}
        for who, times in (("often", 65), ("seldom", 64))
        for n in range(times)
    ]

    def let_go() -> float:
        page = httpx.get(f"{server.url}/metrics", timeout=WAIT_S).text
        name = 'qianmian_engine_overflow_total{of="entries"} '
        return next(float(line[len(name) :]) for line in page.splitlines() if name in line)

    before = let_go()
    answer = httpx.post(
        f"{server.url}/v1/events", json={"events": paid}, auth=(server.key, ""), timeout=WAIT_S
    )
    assert answer.json()["accepted"] == len(paid)
    ask_the_price(server, "often", "seldom")

    def guard(who: str) -> dict[str, Any] | None:
        told = fine(boss.get(f"/rooms/r1/viewers/{who}/decisions"))["strategies"]
        mine = next(one for one in told if one["strategy"] == "spends")
        return mine["guards"][0] if mine["verdict"] == "not_held" else None

    _until(lambda: guard("seldom") is not None)
    _until(lambda: guard("often") is not None)
    assert [(guard(one) or {})["cut"] for one in ("often", "seldom")] == [True, False]
    assert let_go() > before
