"""Definitions over the API: understood, drafted, live, taken back, and followed from outside."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.cli.main import run
from qianmian.language.codec import to_json
from qianmian.runtime.live import Live
from tests.serving import WAIT_S, Served, served

LOOKS = "count(product_viewed) within 10m >= 2"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def console(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        client.headers["x-csrf-token"] = client.post("/api/first-account", json=given).json()[
            "csrf"
        ]
        yield client


def post(console: httpx.Client, path: str, **fields: Any) -> dict[str, Any]:
    answer = console.post(f"/api/definitions/{path}", json=fields)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def post_raw(console: httpx.Client, path: str, **fields: Any) -> httpx.Response:
    return console.post(f"/api/definitions/{path}", json=fields)


def send(server: Served, *events: dict[str, Any]) -> httpx.Response:
    basic = base64.b64encode(f"{server.key}:".encode()).decode()
    return httpx.post(
        f"{server.url}/v1/events",
        json={"events": list(events)},
        headers={"authorization": f"Basic {basic}"},
        timeout=WAIT_S,
    )


def draft(console: httpx.Client, place: str, text: str, **words: Any) -> dict[str, Any]:
    answer = console.put(f"/api/definitions/{place}/draft", json={"text": text, **words})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def active(server: Served) -> dict[str, int]:
    def read(live: Live) -> dict[str, int]:
        return {one.key: one.version for one in live.definitions}

    return server.home.deployment.engine.ask(read).result(WAIT_S)


def flush(server: Served) -> None:
    """History has everything that was sent, however lately somebody asked it."""
    server.home.deployment.engine.ask(lambda live: live.offset).result(WAIT_S)
    server.home.history.flush_before(server.home.log.durable_offset)


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < until


def test_words_are_understood_before_anything_is_kept(console: httpx.Client) -> None:
    good = post(console, "check", kind="tag", text=LOOKS)
    assert good["usable"]
    assert good["sort"] == "level"
    assert "商品" in good["sentence"]["zh"]
    assert good["sentence"]["en"]
    again = post(console, "check", kind="tag", tree=good["tree"])
    assert again == good, "the tree says the same as the text"


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        ("count(product_viewd) within 10m >= 2", "definition.unknown_name", 6),
        ("count(product_viewed within 10m", "definition.syntax", 21),
        ("", "definition.syntax", 0),
        ("tag.nobody", "definition.unknown_name", None),
        ("in segment.me", "definition.type", None),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    console: httpx.Client, text: str, code: str, position: int | None
) -> None:
    told = post(console, "check", kind="segment", key="me", text=text)
    assert not told["usable"]
    assert told["problem"]
    assert told["said"]["en"] == told["problem"]
    assert re.search(r"[\u4e00-\u9fff]", told["said"]["zh"])
    assert (told["code"], told["position"]) == (code, position)


def test_a_name_that_is_not_there_is_told_with_one_that_is_near(console: httpx.Client) -> None:
    told = post(console, "check", kind="tag", text="product_viewd this session")
    assert told["params"] == {
        "kind": "event or word",
        "name": "product_viewd",
        "near": "product_viewed",
    }
    answer = post_raw(console, "preview", kind="segment", text="in segment.nobody_at_all")
    assert answer.json()["params"] == {"kind": "segment", "name": "nobody_at_all"}


def test_what_is_hardly_meant_has_a_code_and_words(console: httpx.Client) -> None:
    told = post(console, "check", kind="moment", text="liked without shared within 5s")
    assert told["usable"]
    (warning,) = told["warnings"]
    assert warning["code"] == "warning.short_absence"
    assert warning["params"] == {"span": 5_000, "lateness": 5_000}
    assert warning["said"]["zh"].startswith("“5 秒内没有”不长于允许的迟到时间（5 秒）")
    assert "An absence within 5 seconds" in warning["said"]["en"]


def test_a_segment_is_counted_from_history_before_it_is_used(
    console: httpx.Client, server: Served
) -> None:
    events = [
        {"type": kind, "viewer": f"p{n}", "product": "p1", "message_id": f"{kind}{n}"}
        for n in range(12)
        for kind, every in (("product_viewed", 1), ("cart_added", 2), ("liked", 5))
        if n % every == 0
    ]
    assert send(server, *events).status_code == 200
    flush(server)
    text = (
        "count(product_viewed) this session >= 1 and count(cart_added) this session >= 1"
        " and count(gift_sent) this session >= 1"
    )
    told = post(console, "preview", kind="segment", text=text)
    assert [(one["alone"], one["left"]) for one in told["steps"]] == [(12, 12), (6, 6), (0, 0)]
    assert (told["total"], told["count"], told["empty_at"], told["samples"]) == (12, 0, 2, [])
    some = "count(cart_added) this session >= 1 and count(liked) this session >= 1"
    told = post(console, "preview", kind="segment", text=some)
    assert {one["viewer"] for one in told["samples"]} == {"p0", "p10"}
    assert [one["holds"] for one in told["samples"]] == [[True, True], [True, True]]
    assert "加入购物车" in told["parts"][0]["zh"]
    shared = {one["key"]: (one["size"], one["both"]) for one in told["overlaps"]}
    assert shared["carted_unpaid"] == (6, 2)
    left_out = {one["key"]: (one["names"]["zh"], one["reason"]) for one in told["left_out"]}
    assert left_out["potential_high_value"] == ("潜在高价值", "state"), (
        "for how long somebody is in the room"
    )
    assert not left_out.keys() & shared.keys()
    some += " and (count(liked) this session >= 1 or tag.follower)"
    told = post(console, "preview", kind="segment", text=some)
    assert [len(one["parts"]) for one in told["steps"]] == [0, 0, 2]
    assert [one["left"] for one in told["steps"][2]["parts"]] == [2, 0]


def test_what_history_cannot_say_is_named(console: httpx.Client) -> None:
    text = "(tag.highly_engaged or (tag.deep_watcher and tag.commenter)) and in room for 3m"
    answer = post_raw(console, "preview", kind="segment", text=text)
    assert (answer.status_code, answer.json()["code"]) == (422, "definition.not_in_history")
    told = answer.json()["params"]
    assert told["reason"] == "state"
    watcher, here = (one["en"] for one in told["parts"])
    assert "3 minutes" in here
    assert watcher != here


def cities_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        one
        for group in found["groupings"]
        if group["trait"] == "city_tier"
        for one in group["shares"]
    ]


def test_a_tag_is_divided_by_what_history_knows(console: httpx.Client, server: Served) -> None:
    told = [
        {
            "type": "profile_updated",
            "viewer": f"d{n}",
            "traits": {"city_tier": f"tier_{n % 2 + 1}"} | ({"age": 20 + n} if n % 3 else {}),
            "message_id": f"told{n}",
        }
        for n in range(12)
    ]
    assert send(server, *told).status_code == 200
    text = "trait.age >= 25 and trait.city_tier in (tier_1, tier_2)"

    def divided() -> dict[str, Any]:
        return post(console, "distribution", kind="tag", key="grown", text=text)

    wait_until(lambda: sum(one["total"] for one in cities_of(divided())) == 12)
    found = divided()
    assert found["as_of"] > 0
    ages = [20 + n for n in range(12) if n % 3]
    everybody = found["everybody"]
    others = everybody["total"] - 12  # of whom nobody told anything
    assert (everybody["yes"], everybody["unknown"]) == (sum(age >= 25 for age in ages), 4 + others)
    assert everybody["yes"] + everybody["no"] + everybody["unknown"] == everybody["total"]
    cities = cities_of(found)
    assert found["groupings"][0]["names"] == {"zh": "城市等级", "en": "city tier"}
    assert [one["names"]["zh"] for one in cities] == ["一线城市", "二线城市"]
    for one in cities:
        assert one["total"] == 6
        own = [20 + n for n in range(12) if f"tier_{n % 2 + 1}" == one["value"] and n % 3]
        assert one["yes"] == sum(age >= 25 for age in own)
        assert one["unknown"] == 2
    known = post(console, "distribution", kind="tag", key="follower", text="followed this session")
    assert known["everybody"]["unknown"] == known["everybody"]["total"], "nobody told of following"


def test_a_tag_lives_from_draft_to_retirement(console: httpx.Client, server: Served) -> None:
    made = draft(
        console, "tag/爱看", LOOKS, title={"zh": "爱看商品"}, meaning={"en": "looks a lot"}
    )
    assert made["now"] is None
    assert made["draft"]["version"] == 1
    assert made["names"] == {"zh": "爱看商品", "en": "爱看商品"}
    assert "爱看" not in active(server)
    made = post(console, "tag/爱看/activate", why="试试")
    assert made["draft"] is None
    assert made["now"]["made_by"] == "老板"
    assert made["now"]["why"] == "试试"
    assert made["counting"]["since"] > 0
    assert active(server)["爱看"] == 1
    draft(console, "segment/常客", "tag.爱看 and count(liked) within 10m >= 1")
    used = post(console, "segment/常客/activate")
    names = {"zh": "爱看商品", "en": "爱看商品"}
    assert used["uses"] == [{"kind": "tag", "key": "爱看", "names": names}]
    assert "“爱看商品”" in used["now"]["sentence"]["zh"]
    checked = post(console, "check", kind="segment", text="tag.爱看")
    assert checked["sentence"] == {"zh": "有标签“爱看商品”", "en": 'Has the tag "爱看商品"'}
    assert checked["text"] == "tag.爱看"
    counted = post(console, "preview", kind="segment", text="tag.爱看")
    assert counted["parts"] == [checked["sentence"]]
    refused = console.post("/api/definitions/tag/爱看/retire", json={})
    assert refused.status_code == 422
    assert "常客" in refused.json()["detail"]
    draft(console, "tag/爱看", "count(product_viewed) within 10m >= 5")
    changed = post(console, "tag/爱看/activate")
    assert changed["now"]["version"] == 2
    back = post(console, "tag/爱看/roll-back", version=1)
    assert (back["now"]["version"], back["now"]["text"]) == (3, LOOKS)
    assert [one["state"] for one in back["history"]] == ["active", "replaced", "replaced"]
    assert active(server)["爱看"] == 3
    post(console, "segment/常客/retire", why="没用")
    gone = post(console, "tag/爱看/retire")
    assert gone["now"] is None
    assert {"爱看", "常客"}.isdisjoint(active(server))


def expr_of(server: Served, key: str) -> str:
    """What a definition means where it holds."""

    def read(live: Live) -> str:
        return next(str(to_json(one.expr)) for one in live.definitions if one.key == key)

    found: str = server.home.deployment.engine.ask(read).result(WAIT_S)
    return found


def test_a_tag_may_be_a_number_that_others_compare(console: httpx.Client, server: Served) -> None:
    told = post(console, "check", kind="segment", text="tag.送礼 >= ¥50")
    assert (told["usable"], told["code"]) == (False, "definition.unknown_name")
    draft(console, "tag/送礼", "number sum(gift_sent.amount) within 10m")
    made = post(console, "tag/送礼/activate")
    assert made["number"] == "money"
    assert made["now"]["sentence"]["zh"] == "最近 10 分钟内送礼物的金额合计是多少"
    assert not post(console, "check", kind="segment", text="tag.送礼 >= 50")["usable"]
    good = post(console, "check", kind="segment", text="tag.送礼 >= ¥50")
    assert good["usable"]
    assert good["sentence"]["zh"] == "标签“送礼”的数值不少于 ¥50"
    assert [one["key"] for one in good["uses"]] == ["送礼"]
    gift = {"type": "gift_sent", "viewer": "g", "amount": 6_000, "message_id": "g1"}
    assert send(server, gift).status_code == 200
    flush(server)
    text = "tag.送礼 >= ¥50 and not tag.送礼 > ¥60"
    counted = post(console, "preview", kind="segment", text=text)
    assert counted["count"] == 1
    asked = {"kind": "tag", "key": "大方", "text": "tag.送礼 >= ¥50"}
    everybody = post(console, "distribution", **asked)["everybody"]
    assert (everybody["yes"], everybody["unknown"]) == (1, 0)
    draft(console, "segment/大方", "tag.送礼 >= ¥50")
    assert post(console, "segment/大方/activate")["now"]["version"] == 1
    assert "'within': '10m'" in expr_of(server, "大方")
    assert console.post("/api/definitions/tag/送礼/retire", json={}).status_code == 422
    draft(console, "tag/送礼", "gift_sent this session")
    refused = console.post("/api/definitions/tag/送礼/activate", json={})
    assert refused.status_code == 422
    assert "tag.送礼 只说有或没有" in refused.json()["said"]["zh"]
    draft(console, "tag/送礼", "number sum(gift_sent.amount) within 20m")
    assert post(console, "tag/送礼/activate")["now"]["version"] == 2
    assert "'within': '20m'" in expr_of(server, "大方")
    assert active(server)["大方"] == 1
    post(console, "segment/大方/retire")
    post(console, "tag/送礼/retire")


def test_a_built_in_moment_can_be_changed_and_brought_back(
    console: httpx.Client, server: Served
) -> None:
    built_in = console.get("/api/definitions/moment/hesitation").json()
    assert built_in["built_in"]
    assert built_in["names"]["zh"] == "犹豫"
    assert built_in["number"] is None
    draft(console, "moment/hesitation", built_in["now"]["text"].replace("2m", "90s"))
    assert post(console, "moment/hesitation/activate")["now"]["version"] == 2
    assert active(server)["hesitation"] == 2
    assert (
        post(console, "moment/hesitation/roll-back", version=1)["now"]["text"]
        == (built_in["now"]["text"])
    )


def test_a_draft_that_cannot_be_used_stays_a_draft(console: httpx.Client, server: Served) -> None:
    before = active(server)
    draft(console, "tag/wrong", "count(product_viewed")
    refused = console.post("/api/definitions/tag/wrong/activate", json={})
    assert refused.status_code == 422
    assert refused.json()["code"] == "definition.syntax"
    assert refused.json()["position"] == len("count(product_viewed")
    assert active(server) == before
    assert console.delete("/api/definitions/tag/wrong/draft").status_code == 204
    assert console.get("/api/definitions/tag/wrong").status_code == 404
    assert console.post("/api/definitions/tag/wrong/activate", json={}).status_code == 422


@pytest.mark.parametrize("key", ["a b", "1", "a.b", "x" * 65, "';drop"])
def test_keys_and_words_that_cannot_be_shown_are_refused(console: httpx.Client, key: str) -> None:
    answer = console.put(f"/api/definitions/tag/{key}/draft", json={"text": LOOKS})
    assert answer.status_code == 422, answer.text
    named = {"text": LOOKS, "title": {"zh": "a\u202eb"}}
    assert console.put("/api/definitions/tag/ok/draft", json=named).status_code == 422


def test_a_file_taken_beside_the_server_is_followed(
    console: httpx.Client, server: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(
        "builtin: true\nwithout: [idle_on_page]\ndefinitions:\n"
        f"  - {{key: 看得多, kind: tag, text: '{LOOKS}', title: {{zh: 看得多}}}}\n",
        encoding="utf-8",
    )
    home = str(server.home.settings.home)
    assert run(["definitions", "import", str(path), "--home", home]) == 0
    wait_until(lambda: "看得多" in active(server) and "idle_on_page" not in active(server))
    capsys.readouterr()
    assert run(["definitions", "export", "--home", home]) == 0
    told = capsys.readouterr().out
    assert "看得多" in told
    assert "idle_on_page" in told
    bad = tmp_path / "bad.yaml"
    bad.write_text("- {key: a, kind: tag, text: tag.nobody}\n", encoding="utf-8")
    assert run(["definitions", "import", str(bad), "--home", home]) == 2
    assert post(console, "moment/idle_on_page/roll-back", version=1)["now"]["version"] == 2


def test_how_often_a_moment_fired_today_is_told_by_room(
    console: httpx.Client, server: Served
) -> None:
    def fired() -> dict[str, Any]:
        listed = console.get("/api/definitions", params={"kind": "moment"}).json()
        found: dict[str, Any] = next(one for one in listed if one["key"] == "just_ordered")
        return found

    before = fired()
    assert before["fired"] == []
    (dwell,) = console.get("/api/definitions/moment/hesitation").json()["parameters"]
    assert dwell == {
        "key": "dwell",
        "names": {"zh": "停留多久", "en": "stays for"},
        "value": {"zh": "2 分钟", "en": "2 minutes"},
    }
    for number, (room, viewer) in enumerate((("r1", "a"), ("r1", "b"), ("r2", "a"))):
        order: dict[str, Any] = {
            "type": "order_paid",
            "viewer": viewer,
            "room": room,
            "order_id": f"t{number}",
        }
        line = {"product": "p1", "quantity": 1, "price": 100, "amount": 100}
        order |= {"items": [line], "amount": 100, "currency": "CNY"}
        assert send(server, order).json()["accepted"] == 1
    wait_until(lambda: fired()["fired"] == [{"room": "r1", "count": 2}, {"room": "r2", "count": 1}])


def test_what_holds_is_the_same_after_a_restart(tmp_path: Path) -> None:
    with served(tmp_path) as first, httpx.Client(base_url=first.url, timeout=WAIT_S) as console:
        given = {"token": first.first_token, "name": "owner", "password": "correct horse"}
        csrf = console.post("/api/first-account", json=given).json()["csrf"]
        console.headers["x-csrf-token"] = csrf
        draft(console, "tag/kept", LOOKS)
        post(console, "tag/kept/activate")
        before = active(first)
    with served(tmp_path) as again:
        assert active(again) == before
