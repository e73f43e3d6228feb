"""One person asks what is kept, then to be forgotten, while the server goes on for everybody."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from qianmian.cli.main import run
from qianmian.columns.facts import ViewerFacts, facts_bytes
from qianmian.runtime.fact_files import name_newest, write_facts
from qianmian.runtime.messages import Events
from qianmian.storage.segment_reader import SegmentReader
from tests.serving import WAIT_S, Served, now_ms, served

PASSWORD = "correct horse"
WHO, DEVICE = "member-张三-13800001111", "device-5f2a90c1d3e47788"
SAID = "我的膝盖疼能不能用这个"
SECRETS = (WHO, DEVICE, "13800001111", SAID, "zhang-san-street-7")
OTHER = "member-lisi-0042"


@dataclass
class Story:
    server: Served
    owner: httpx.Client

    def send(self, *events: dict[str, Any]) -> Any:
        answer = httpx.post(
            f"{self.server.url}/v1/events",
            json={"events": list(events)},
            headers={"authorization": f"Bearer {self.server.key}"},
            timeout=WAIT_S,
        )
        return answer.json()

    def wait(self, request: str) -> dict[str, Any]:
        """The request when it is done: the desk looks twice a second."""
        pause = threading.Event()
        for _ in range(10 * WAIT_S):  # the first of all tests compiles the engine
            found = self.owner.get("/api/persons/erasures").json()
            one = next(r for r in found if r["id"] == request)
            if one["step"] == "done":
                return dict(one)
            pause.wait(0.1)
        raise AssertionError("the person is not erased yet")

    def board(self) -> dict[str, Any]:
        """The board of a second that began after this was called: boards are of whole seconds."""
        asked, pause = now_ms(), threading.Event()
        for _ in range(10 * WAIT_S):
            found = dict(self.owner.get("/api/rooms/r1/board").json())
            if found["as_of"] > asked:
                return found
            pause.wait(0.1)
        raise AssertionError("the room has no newer board")


def event(kind: str, viewer: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "viewer": viewer, "room": "r1", **more}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("home")
    midnight = now_ms() // 86_400_000 * 86_400_000 - 8 * 3_600_000
    rows = [
        ViewerFacts(WHO, traits={"address": "zhang-san-street-7"}),
        ViewerFacts(OTHER, traits={"city": "杭州"}),
    ]
    path = write_facts(home / "facts", facts_bytes(rows, boundary_ms=midnight))
    name_newest(path.parent, path.stem.removeprefix("facts-"))
    with served(home) as server, httpx.Client(base_url=server.url, timeout=WAIT_S) as owner:
        given = {"token": server.first_token, "name": "老板", "password": PASSWORD}
        answer = owner.post("/api/first-account", json=given)
        owner.headers["x-csrf-token"] = answer.json()["csrf"]
        yield Story(server, owner)


def in_home(home: Path, secret: str) -> list[str]:
    """Every file in which a secret stands, also unfolded where the file is packed."""
    spelled = {secret.encode(), json.dumps(secret)[1:-1].encode()}
    found = []
    for path in sorted(one for one in home.rglob("*") if one.is_file()):
        try:
            held = path.read_bytes()
        except FileNotFoundError:
            continue  # a snapshot that was being written has its name now
        if path.suffix == ".parquet":
            held += json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False).encode()
        if any(way in held for way in spelled):
            found.append(str(path.relative_to(home)))
    return found


def rows_of(home: Path) -> list[dict[str, Any]]:
    reader = SegmentReader(home / "log")
    return [
        row
        for message in reader.read(reader.first_offset)
        if isinstance(message.body, Events)
        for row in message.body.batch.to_rows()
    ]


def tell_of_two(story: Story) -> None:
    """What is known of a person and their neighbor."""
    story.send(
        {"type": "room_entered", "anonymous_id": DEVICE, "room": "r1", "visit": f"{DEVICE}-1"},
        event("room_entered", OTHER),
        event("comment_sent", OTHER, text="别人的问题是贵吗"),
    )
    story.send(
        {"type": "identity_linked", "viewer": WHO, "anonymous_id": DEVICE},
        event("comment_sent", WHO, text=SAID, message_id=f"m-{WHO}"),
        event("profile_updated", WHO, traits={"address": "zhang-san-street-7"}),
        event("order_paid", WHO, order_id="o-1", amount=9_900, currency="CNY"),
    )
    bad = story.send(event("no_such_type", WHO, text=SAID), event("room_entered", OTHER))
    assert len(bad["rejected"]) == 1


def exported_is_all_of_one(story: Story) -> None:
    table = f"会员编号\n{WHO}\n{OTHER}\n".encode()
    csv = {"content-type": "text/csv"}
    listed = story.owner.post("/api/lists/vip/import", content=table, headers=csv).json()
    assert listed["size"] == 2
    told = story.owner.get(f"/api/persons/{WHO}/export").json()
    assert told["lists"] == [{"viewer": WHO, "list": "vip", "version": 1}]
    assert set(told["viewers"]) == {f"?{DEVICE}", WHO}
    assert {one["type"] for one in told["events"]} == {
        "room_entered",
        "identity_linked",
        "comment_sent",
        "profile_updated",
        "order_paid",
    }
    assert SAID in {one.get("text") for one in told["events"]}
    assert told["facts"][0]["traits"] == {"address": "zhang-san-street-7"}
    assert SAID in told["dead_letters"][0]["body"]
    assert told["about"]["zh"]["events"]
    assert "李" not in json.dumps(told, ensure_ascii=False)
    assert OTHER not in json.dumps(told, ensure_ascii=False)


def test_a_person_is_exported_and_erased_while_the_server_runs(story: Story) -> None:
    home = story.server.home.settings.home
    tell_of_two(story)
    exported_is_all_of_one(story)
    before = [row for row in rows_of(home) if row.get("viewer") == OTHER]
    assert SECRETS[0] in json.dumps(rows_of(home), ensure_ascii=False)

    wrong = story.owner.post("/api/persons/erasures", json={"viewer": WHO, "confirm": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "person.confirm")
    asked = story.owner.post("/api/persons/erasures", json={"viewer": WHO, "confirm": WHO})
    assert asked.status_code == 202, asked.text
    done = story.wait(asked.json()["id"])
    stores = [one.name for one in story.server.home.persons.stores]
    assert list(done["report"]) == stores, "every store that holds persons is told"
    assert {"log", "history", "facts", "snapshots", "dead_letters", "consents"} <= set(stores)
    assert done["report"]["log"] >= 1
    assert done["report"]["lists"] == 1
    assert done["report"]["facts"] >= 1, "those of lists, too"
    assert done["report"]["dead_letters"] == 1

    after = rows_of(home)
    assert [row for row in after if row.get("viewer") == OTHER] == before
    orders = [row for row in after if row.get("order_id") == "o-1"]
    assert [one["amount"] for one in orders] == [9_900]
    assert all("erased-" in one["viewer"] for one in orders)
    now = story.board()
    assert (now["gmv_minor"], now["orders"], now["entered"]) == (9_900, 1, 2), "totals stay"
    assert "erased-" not in json.dumps(now)
    assert story.owner.get(f"/api/rooms/r1/viewers/{WHO}").status_code == 404
    gone = story.owner.get(f"/api/persons/{WHO}/export")
    assert (gone.status_code, gone.json()["code"]) == (404, "viewer.unknown")
    for secret in SECRETS:
        assert in_home(home, secret) == [], secret
    assert in_home(home, OTHER), "the search finds what is there"
    nothing_of_them_comes_in_again(story)
    off = {"purpose": "personalized_marketing", "granted": False}
    refused = story.owner.post(f"/api/persons/{WHO}/consents", json=off)
    assert (refused.status_code, refused.json()["code"]) == (404, "viewer.unknown")


def nothing_of_them_comes_in_again(story: Story) -> None:
    home = story.server.home.settings.home
    before = len(rows_of(home))
    for events in (
        [event("room_entered", WHO), event("comment_sent", OTHER, text="还有货吗")],
        [{"type": "room_entered", "anonymous_id": DEVICE, "room": "r1"}, event("liked", OTHER)],
        [event("room_entered", WHO)] + [event("liked", OTHER) for _ in range(40)],
    ):
        answer = story.send(*events)
        assert answer["accepted"] == len(events) - 1
        assert [(one["index"], one["code"]) for one in answer["rejected"]] == [(0, "erased")]
    segment = {"type": "track", "userId": WHO, "event": "Product Viewed", "messageId": "s1"}
    answer = httpx.post(
        f"{story.server.url}/v1/batch",
        json={"writeKey": story.server.key, "batch": [segment]},
        timeout=WAIT_S,
    ).json()
    assert [one["code"] for one in answer["rejected"]] == ["erased"], answer
    table = f"会员编号,会员等级\n{WHO},金\n{OTHER},银\n"
    answer = story.owner.post(
        "/api/members/import", content=table.encode(), headers={"content-type": "text/csv"}
    ).json()
    assert (answer["events"], answer["bad"]) == (1, 1), answer
    assert [one["code"] for one in answer["problems"]] == ["erased"]
    answer = story.owner.post(
        "/api/lists/vip/import", content=table.encode(), headers={"content-type": "text/csv"}
    ).json()
    assert (answer["size"], [one["code"] for one in answer["problems"]]) == (1, ["erased"])
    (counted,) = story.server.site.ingest.statistics()
    assert counted.rejected_by_code["erased"] == 4
    assert len(rows_of(home)) == before + 43
    for secret in (WHO, DEVICE):
        assert in_home(home, secret) == []


def test_a_minor_has_no_profile_and_a_sensitive_trait_is_not_taken(story: Story) -> None:
    story.send(event("room_entered", "kid"), event("room_entered", "adult"))
    for viewer, age in (("kid", 16), ("adult", 30)):
        story.send(event("profile_updated", viewer, traits={"age": age, "city": "杭州"}))
        story.send(event("comment_sent", viewer, text="这个真好看"))
    kid, adult = (
        story.owner.get(f"/api/rooms/r1/viewers/{one}").json()["person"] for one in ("kid", "adult")
    )
    assert (kid["is_profiled"], adult["is_profiled"]) == (False, True)
    assert (kid["basic"], kid["behavior"], kid["tags"], kid["segments"]) == ([], [], [], [])
    assert {one["name"] for one in adult["basic"]} >= {"age", "city"}
    answer = story.send(event("profile_updated", "adult", traits={"disease": "糖尿病-xyz"}))
    assert [one["code"] for one in answer["rejected"]] == ["sensitive"]
    assert in_home(story.server.home.settings.home, "糖尿病-xyz") == []
    draft = {"text": 'trait.city == "杭州"', "title": {"zh": "糖尿病人群"}, "meaning": {}}
    refused = story.owner.put("/api/definitions/segment/ill/draft", json=draft)
    assert (refused.status_code, refused.json()["code"]) == (422, "definition.sensitive")
    told = story.owner.get("/api/privacy").json()
    assert told["minors"] == "exclude"
    assert told["retention"]["texts"] == 90
    assert len(told["refused"]) == 9


def test_a_tag_that_a_person_takes_away_stays_away_through_a_link(story: Story) -> None:
    device = "device-of-somebody-else-77"
    hello = {"type": "room_entered", "anonymous_id": device, "room": "r1"}
    profile = event("profile_updated", "tagged", traits={"gender": "female"})
    story.send(hello, event("room_entered", "tagged"), profile)

    def tags() -> set[str]:
        person = story.owner.get("/api/rooms/r1/viewers/tagged").json()["person"]
        return {one["key"] for one in person["tags"] if one["answer"] in ("yes", "value")}

    assert "gender" in tags()
    told = story.owner.delete(f"/api/persons/?{device}/tags/gender".replace("?", "%3F")).json()
    assert told["withheld_tags"] == ["gender"]
    assert "gender" in tags(), "nobody knows yet that the device is theirs"
    story.send({"type": "identity_linked", "viewer": "tagged", "anonymous_id": device}, profile)
    assert "gender" not in tags()
    story.send(profile)
    assert "gender" not in tags(), "telling it again does not bring it back"


def test_what_a_person_says_holds_at_once_and_is_proven(story: Story) -> None:
    at = f"/api/persons/{OTHER}/consents"
    before = story.owner.get(at).json()
    assert (before["personalized"], before["share"], before["changes"]) == (True, False, [])
    assert before["channels"] == {
        "in_room": True,
        **dict.fromkeys(("push", "sms", "wechat", "email", "phone"), False),
    }
    given = {"purpose": "personalized_marketing", "channel": "sms", "granted": True}
    proof = {"text_version": "2026-03", "evidence": "电话里说的"}
    told = story.owner.post(at, json=given | proof).json()
    assert told["channels"]["sms"]
    assert {name: told["changes"][0][name] for name in proof} == proof
    off = {"purpose": "personalized_marketing", "granted": False}
    told = story.owner.post(at, json=off).json()
    assert not told["personalized"]
    assert not any(told["channels"].values())
    story.send(
        {"type": "consent_changed", "viewer": OTHER, "granted": True, "purpose": "share"},
        {"type": "unsubscribed", "viewer": OTHER, "channel": "sms"},
    )
    told = story.owner.get(at).json()
    assert told["share"]
    assert [one["source"] for one in told["changes"]] == ["shop", "shop", "console", "console"]
    actions = [one["action"] for one in story.owner.get("/api/audit").json()["items"]]
    assert actions[:2] == ["consent.changed"] * 2


def test_a_restart_knows_nobody_who_was_erased(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        story = Story(server, httpx.Client())
        story.send(event("room_entered", WHO), event("comment_sent", WHO, text=SAID))
        story.send(event("room_entered", OTHER))
        agreed = {"purpose": "share", "granted": True, "properties": {"evidence": "签字"}}
        story.send(*({"type": "consent_changed", "viewer": v, **agreed} for v in (WHO, OTHER)))
        ask(server, lambda live: live.clock)  # what was sent has been applied
        server.home.persons.ledger.flush()  # the server does it twice a second
        out = tmp_path.parent / "person.json"
        home = ("--home", str(tmp_path))
        assert run(["person", "export", WHO, *home, "--out", str(out)]) == 0
        told = json.loads(out.read_text("utf-8"))
        assert SAID in {one.get("text") for one in told["events"]}
        assert [one["evidence"] for one in told["consents"]] == ["签字"]
        assert run(["person", "erase", WHO, *home, "--yes", "--reason", "要求"]) == 0
        assert run(["person", "export", WHO, *home]) == 2
    with served(tmp_path) as server:
        story = Story(server, httpx.Client())
        assert server.home.persons.refusals.has(WHO)
        viewers = ask(server, lambda live: live.engine.names.viewers.snapshot())
        assert WHO not in viewers
        assert OTHER in viewers
        assert story.send(event("liked", WHO), event("liked", OTHER))["accepted"] == 1
        said = ask(server, lambda live: (live.consents.of(OTHER), live.consents.of(WHO)))
        assert [len(one) for one in said] == [1, 0]
        ledger = server.home.persons.ledger
        assert [one.evidence for one in ledger.of([OTHER])] == ["签字"]
    assert in_home(tmp_path, WHO) == []
    assert in_home(tmp_path, OTHER)
    assert run(["person", "erase", OTHER, "--home", str(tmp_path), "--yes", "--json"]) == 0
    assert in_home(tmp_path, OTHER) == [], "also where nobody serves the home"


def ask(server: Served, question: Any) -> Any:
    future = asyncio.run_coroutine_threadsafe(server.home.deployment.ask(question), server.loop)
    return future.result(WAIT_S)
