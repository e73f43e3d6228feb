"""Lists over the API: uploaded, named in conditions, live at once, asked of history, guarded."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.cli.main import run
from qianmian.runtime.live import Live
from tests.serving import WAIT_S, Served, served

CONDITION = "in list.老客 and count(liked) this session >= 1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def console(server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        answer = client.post("/api/first-account", json=given)
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        yield client


def upload(console: httpx.Client, key: str, body: str, **query: Any) -> dict[str, Any]:
    answer = console.post(
        f"/api/lists/{key}/import",
        params=query,
        content=body.encode("gb18030"),
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def likes(server: Served, *viewers: str) -> None:
    basic = base64.b64encode(f"{server.key}:".encode()).decode()
    events = [{"type": "liked", "viewer": one, "room": "r1"} for one in viewers]
    answer = httpx.post(
        f"{server.url}/v1/events",
        json={"events": events},
        headers={"authorization": f"Basic {basic}"},
        timeout=WAIT_S,
    )
    assert answer.status_code == 200, answer.text


def live(server: Served, name: str) -> int:
    """Of how many viewers of r1 a segment holds."""

    def read(live: Live) -> int:
        engine = live.engine
        assert engine is not None
        return engine.levels("r1").by_name[name].live

    return server.home.deployment.engine.ask(read).result(WAIT_S)


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < until


def test_a_list_is_uploaded_used_and_live_and_history_says_the_same(
    server: Served, console: httpx.Client
) -> None:
    body = "会员编号,姓名\nm1,甲\nm2,乙\nm2,又\n,没有\n"
    dry = upload(console, "老客", body, dry_run=True)
    assert (dry["size"], dry["bad"], dry["dry_run"]) == (2, 2, True)
    assert console.get("/api/lists").json() == []
    done = upload(console, "老客", body, title="回头客")
    assert (done["version"], done["added"], done["removed"]) == (1, 2, 0)
    assert [one["code"] for one in done["problems"]] == ["duplicate", "id_empty"]
    place = "/api/definitions/segment/点赞老客"
    console.put(f"{place}/draft", json={"text": CONDITION})
    active = console.post(f"{place}/activate", json={"why": ""})
    assert active.status_code == 200, active.text
    said = active.json()["now"]["sentence"]
    assert ("回头客" in said["zh"], "回头客" in said["en"], "老客" in said["zh"]) == (
        True,
        True,
        False,
    )
    likes(server, "m1", "m2", "m3")
    wait_until(lambda: live(server, "segment.点赞老客") == 2)
    told = console.post("/api/definitions/preview", json={"text": CONDITION}).json()
    assert (told["count"], {one["viewer"] for one in told["samples"]}) == (2, {"m1", "m2"})
    upload(console, "老客", "会员编号\nm3\n")
    assert live(server, "segment.点赞老客") == 1
    told = console.post("/api/definitions/preview", json={"text": CONDITION}).json()
    assert {one["viewer"] for one in told["samples"]} == {"m3"}


def test_a_list_in_use_stays_and_an_unknown_one_is_refused(console: httpx.Client) -> None:
    (found,) = console.get("/api/lists").json()
    assert (found["title"], found["size"], found["version"]) == ("回头客", 1, 2)
    assert [one["key"] for one in found["used_by"]] == ["点赞老客"]
    detail = console.get("/api/lists/老客").json()
    assert [one["version"] for one in detail["history"]] == [2, 1]
    refused = console.delete("/api/lists/老客")
    assert (refused.status_code, refused.json()["code"]) == (422, "definition.in_use")
    fine = console.post("/api/definitions/check", json={"text": "in list.老客"}).json()
    assert "回头客" in fine["sentence"]["zh"]
    whom = {"key": "hello", "moment": "price_question", "conditions": "in list.老客"}
    card = {"steps": [{"channel": "in_room", "title": "你好"}]}
    told = console.post("/api/strategies/check", json=whom | card).json()
    assert "回头客" in told["sentence"]["zh"]
    typo = console.post("/api/definitions/check", json={"text": "in list.老各"}).json()
    assert not typo["usable"]
    assert typo["code"] == "definition.unknown_name"
    for path in ("/api/lists/没有", "/api/lists/没有/members.csv"):
        assert console.get(path).json()["code"] == "definition.not_there"
    assert console.delete("/api/lists/没有").json()["code"] == "definition.not_there"


def test_what_a_strategy_names_says_so_and_stays_while_it_waits(console: httpx.Client) -> None:
    upload(console, "熟人", "会员编号\nm1\n")
    given = {
        "moment": "price_question",
        "title": {"zh": "给熟人"},
        "steps": [{"channel": "in_room", "title": "你好"}],
        "whom": ["点赞老客"],
        "conditions": "in list.熟人 and tag.sharer",
    }
    names = {"zh": "给熟人", "en": "给熟人"}
    user = {"kind": "strategy", "key": "hello", "names": names}
    places = ("segment/点赞老客", "moment/price_question", "tag/sharer")

    def used() -> list[bool]:
        told = [console.get(f"/api/definitions/{place}").json() for place in places]
        told += [console.get("/api/lists/熟人").json()]
        listed = console.get("/api/definitions").json() + console.get("/api/lists").json()
        for one in told:
            (same,) = (
                n for n in listed if (n.get("kind"), n["key"]) == (one.get("kind"), one["key"])
            )
            assert same["used_by"] == one["used_by"]
        return [user in one["used_by"] for one in told]

    assert console.put("/api/strategies/hello/draft", json=given).is_success
    assert used() == [False] * 4, "a draft uses nothing yet"
    steps = "/api/strategies/hello/versions/1/step"
    assert console.post(steps, json={"step": "ask"}).is_success
    assert used() == [True] * 4
    refused = console.delete("/api/lists/熟人")
    assert (refused.status_code, refused.json()["code"]) == (422, "definition.in_use")
    assert 'strategy "hello"' in refused.json()["detail"]
    assert console.post(steps, json={"step": "end", "why": "over"}).is_success
    assert used() == [False] * 4
    assert console.delete("/api/lists/熟人").status_code == 204


def test_a_list_comes_out_as_it_went_in_and_nobody_runs_it(console: httpx.Client) -> None:
    upload(console, "怪名字", "会员编号\n'=cmd()\n@x\n-1\n")
    out = console.get("/api/lists/怪名字/members.csv").text
    assert out.splitlines()[1:] == ["'-1", "'=cmd()", "'@x"]
    assert upload(console, "怪名字", out.lstrip("\ufeff"))["version"] == 1
    assert console.delete("/api/lists/怪名字").status_code == 204


def test_a_command_beside_the_server_is_followed(
    server: Served, console: httpx.Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(server.home.settings.home)
    table = tmp_path / "老客.csv"
    table.write_text("id\nm1\nm2\nm3\n", encoding="utf-8")
    assert run(["lists", "import", "老客", str(table), "--home", home, "--json"]) == 0
    wait_until(lambda: live(server, "segment.点赞老客") == 3)
    assert run(["lists", "export", "老客", str(tmp_path / "out.csv"), "--home", home]) == 0
    assert (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()[1:] == [
        "m1",
        "m2",
        "m3",
    ]
    capsys.readouterr()
    assert run(["lists", "list", "--home", home, "--json"]) == 0
    assert '"size": 3' in capsys.readouterr().out
    assert console.get("/api/audit").json()["items"][0]["action"] == "list.imported"


def test_a_file_of_definitions_that_names_no_list_of_the_shop_is_told_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(tmp_path / "home")]
    (tmp_path / "vip.csv").write_text("会员编号\na\n", "utf-8")
    assert run(["lists", "import", "vip_members", str(tmp_path / "vip.csv"), *home]) == 0
    file = tmp_path / "shop.yaml"
    text = "definitions:\n  - {key: ours, kind: segment, text: in list.vip_member}\n"
    file.write_text(text, "utf-8")
    capsys.readouterr()
    assert run(["definitions", "check", str(file), "--json", *home]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["key"], problem["code"]) == ("ours", "definition.unknown_name")
    assert 'Did you mean "vip_members"?' in problem["message"]
    assert run(["definitions", "import", str(file), *home]) == 2
    assert "vip_members" in capsys.readouterr().err
    file.write_text(text.replace("vip_member}", "vip_members}"), "utf-8")
    for verb in ("check", "import"):
        assert run(["definitions", verb, str(file), *home]) == 0
    assert run(["definitions", "check", str(file), "--home", str(tmp_path / "none")]) == 0
