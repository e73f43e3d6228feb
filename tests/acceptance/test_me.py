"""A person asks a real server about themselves: by their token, and by nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest

from qianmian.server.api import myself
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.settings import Settings
from qianmian.vocabulary.consent import MARKETING, may
from tests.serving import WAIT_S, Served, now_ms, served

WHO = "member-of-the-shop-1"
SHOP_PAGE = "https://shop.example"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with served(home, Settings(home=home, live_origins=SHOP_PAGE)) as server:
        yield server


def token_of(shop: Served, viewer: str, **more: Any) -> str:
    clock = more.pop("clock", now_ms)
    given = {"namespace": "default"} | more
    return ViewerTokens(shop.home.secret, clock).mint(viewer, **given)[0]


def client(shop: Served, viewer: str) -> httpx.Client:
    headers = {"x-viewer-token": token_of(shop, viewer)}
    return httpx.Client(base_url=shop.url, headers=headers, timeout=WAIT_S)


def send(shop: Served, *events: dict[str, Any]) -> None:
    rows = [{"room": "r1", **one} for one in events]
    headers = {"authorization": f"Bearer {shop.key}"}
    answer = httpx.post(
        f"{shop.url}/v1/events", json={"events": rows}, headers=headers, timeout=WAIT_S
    )
    assert answer.json()["accepted"] == len(rows), answer.text


def known(viewer: str, **traits: Any) -> list[dict[str, Any]]:
    told = {"type": "profile_updated", "viewer": viewer, "traits": traits}
    said = {"trait_origin": "declared"}
    return [{"type": "room_entered", "viewer": viewer}, told | {"properties": said}]


def refused(shop: Served, reason: str) -> int:
    return shop.site.viewers.hub.statistics().refused.get(reason, 0)


def test_what_is_known_is_seen_with_its_source_and_a_tag_is_taken_away_for_good(
    shop: Served,
) -> None:
    send(shop, *known("lady", gender="female", city="杭州"))
    with client(shop, "lady") as mine:
        told = mine.get("/api/me").json()
        assert (told["viewer"], told["ids"]) == ("lady", ["lady"])
        basic = {one["name"]: (one["value"], one["origin"]) for one in told["basic"]}
        assert basic["city"] == ("杭州", "declared")
        (tag,) = [one for one in told["tags"] if one["key"] == "gender"]
        assert tag["names"].keys() == tag["meaning"].keys() == {"zh", "en"}
        assert tag["value"] == "female"
        gone = mine.delete("/api/me/tags/gender").json()
        assert "gender" not in {one["key"] for one in gone["tags"]}
        assert gone["taken_away"] == [{"key": "gender", "names": tag["names"]}]
        send(shop, *known("lady", gender="female"))
        assert "gender" not in {one["key"] for one in mine.get("/api/me").json()["tags"]}
        names = {one["key"] for one in told["tags"]}
        assert names - {"gender"} == {one["key"] for one in gone["tags"]}, "no other tag went"
        back = mine.put("/api/me/tags/gender").json()
        assert back["taken_away"] == []
        assert {one["key"]: one["value"] for one in back["tags"]}["gender"] == "female"


def test_tags_of_details_hold_also_of_who_is_in_no_room(shop: Served) -> None:
    told = {"type": "profile_updated", "viewer": "absent", "traits": {"gender": "male"}}
    headers = {"authorization": f"Bearer {shop.key}"}
    httpx.post(
        f"{shop.url}/v1/events", json={"events": [told | {"room": "empty"}]}, headers=headers
    )
    with client(shop, "absent") as mine:
        tags = {one["key"]: one["value"] for one in mine.get("/api/me").json()["tags"]}
        assert tags["gender"] == "male"


def test_segments_are_told_in_a_room_and_in_none_and_rest_on_no_tag_that_was_taken_away(
    shop: Served,
) -> None:
    title = {"zh": "男会员", "en": "men who are members"}
    with httpx.Client(base_url=shop.url, timeout=WAIT_S) as owner:
        given = {"token": shop.first_token, "name": "老板", "password": "correct horse"}
        owner.headers["x-csrf-token"] = owner.post("/api/first-account", json=given).json()["csrf"]
        place, text = "/api/definitions/segment/men", "tag.gender_male and trait.level >= 2"
        for answer in (
            owner.put(f"{place}/draft", json={"text": text, "title": title}),
            owner.post(f"{place}/activate", json={"why": "test"}),
        ):
            assert answer.is_success, answer.text
    away = {"type": "profile_updated", "viewer": "m-away", "room": "empty"}
    send(shop, away | {"traits": {"gender": "male", "level": 2}})
    send(shop, *known("m-here", gender="male", level=2), *known("m-new", gender="male", level=1))
    for viewer, told in (("m-away", True), ("m-here", True), ("m-new", False)):
        with client(shop, viewer) as mine:
            segments = {one["key"]: one for one in mine.get("/api/me").json()["segments"]}
            assert ("men" in segments) == told, viewer
            if told:
                assert segments["men"]["names"] == title
                left = mine.delete("/api/me/tags/gender").json()
                assert "men" not in {one["key"] for one in left["segments"]}, viewer


def test_a_no_holds_for_every_id_of_the_person_and_is_proven(shop: Served) -> None:
    send(shop, *known("no-1", city="上海"), {"type": "room_entered", "viewer": "no-2"})
    send(shop, {"type": "identity_linked", "viewer": "no-1", "linked_viewer": "no-2"})
    wait_for(lambda: bool(shop.site.identities.edges_around("no-1")), shop)
    with client(shop, "no-1") as mine:
        assert mine.get("/api/me").json()["ids"] == ["no-1", "no-2"]
        off = {"purpose": MARKETING, "granted": False, "text_version": "2026-11"}
        told = mine.post("/api/me/consents", json=off).json()
        assert (told["personalized"], any(told["channels"].values())) == (False, False)
        for viewer in ("no-1", "no-2"):
            said = asked(shop, lambda live, who=viewer: live.consents.of(who))
            assert not may(said, MARKETING, "in_room")
        on = mine.post("/api/me/consents", json=off | {"granted": True}).json()
        assert (on["personalized"], on["channels"]["in_room"]) == (True, True)
    with client(shop, "no-2") as theirs:
        told = theirs.get("/api/me/export").json()
        assert told["viewers"] == ["no-1", "no-2"]
        assert {one["evidence"] for one in told["consents"]} == {"/me"}
    actions = [one.action for one in shop.home.audit.read()]
    assert actions[0] == "person.exported"
    assert actions.count("consent.changed") >= 4


def asked(shop: Served, question: Any) -> Any:
    answer = asyncio.run_coroutine_threadsafe(shop.site.deployment.ask(question), shop.loop)
    return answer.result(WAIT_S)


def wait_for(is_so: Any, shop: Served) -> None:
    pause = threading.Event()
    for _ in range(10 * WAIT_S):
        shop.home.history.flush_before(shop.home.log.durable_offset)
        if is_so():
            return
        pause.wait(0.1)
    raise AssertionError


@pytest.mark.parametrize(
    ("made", "status", "reason"),
    [
        (lambda shop: "rubbish", 401, "bad_token"),
        (lambda shop: "", 401, "not_issued"),
        (lambda shop: "a" * 20_000, 401, "bad_token"),
        (lambda shop: token_of(shop, WHO, clock=lambda: now_ms() - 3_600_000), 401, "bad_token"),
        (lambda shop: token_of(shop, WHO, namespace="other"), 403, "foreign_namespace"),
        (lambda shop: signed_by("x" * 32), 401, "bad_token"),
        (lambda shop: signed_by("", "none"), 401, "bad_token"),
    ],
)
def test_a_token_that_is_not_ours_opens_nothing(
    shop: Served, made: Any, status: int, reason: str
) -> None:
    send(shop, *known(WHO, city="北京"))
    before = refused(shop, reason)
    headers = {"x-viewer-token": made(shop)}
    with httpx.Client(base_url=shop.url, headers=headers, timeout=WAIT_S) as stranger:
        for answer in (
            stranger.get("/api/me"),
            stranger.get("/api/me/export"),
            stranger.post("/api/me/consents", json={"purpose": MARKETING, "granted": False}),
            stranger.delete("/api/me/tags/gender"),
            stranger.put("/api/me/tags/gender"),
            stranger.post("/api/me/erasure", json={"confirm": WHO}),
        ):
            assert (answer.status_code, WHO in answer.text) == (status, False), answer.text
            assert answer.json()["code"] in ("viewer.token", "viewer.refused")
    assert refused(shop, reason) == before + 6


def signed_by(key: str, algorithm: str = "HS256") -> str:
    now = now_ms() // 1_000
    claims = {"aud": "qianmian-viewer", "namespace": "default", "viewer": WHO}
    return jwt.encode(claims | {"iat": now, "exp": now + 600}, key, algorithm=algorithm)


def test_a_token_opens_only_the_data_of_its_own_viewer(shop: Served) -> None:
    send(shop, *known(WHO, city="北京"), *known("neighbor", city="广州"))
    with client(shop, "neighbor") as theirs:
        assert WHO not in theirs.get("/api/me").text + theirs.get("/api/me/export").text
        wrong = theirs.post("/api/me/erasure", json={"confirm": WHO})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "person.confirm")
    for name in ("authorization", "cookie"):
        answer = httpx.get(f"{shop.url}/api/me", headers={name: f"Bearer {token_of(shop, WHO)}"})
        assert answer.status_code == 401, "a viewer token is shown in its own header only"


def test_a_device_that_is_somebody_s_by_now_shows_nothing(shop: Served) -> None:
    device = shop.site.ingest.anonymous_ids.issue("default")  # type: ignore[attr-defined]
    send(shop, {"type": "room_entered", "anonymous_id": device})
    with httpx.Client(
        base_url=shop.url, headers={"x-anonymous-id": device}, timeout=WAIT_S
    ) as mine:
        assert mine.get("/api/me").json()["ids"] == [f"?{device}"]
        send(shop, {"type": "identity_linked", "viewer": WHO, "anonymous_id": device})
        answer = mine.get("/api/me")
        assert (answer.status_code, answer.json()["detail"]) == (403, "linked")


def test_who_asks_too_much_waits(shop: Served) -> None:
    send(shop, *known("greedy", city="天津"))
    with client(shop, "greedy") as mine:
        statuses = [mine.get("/api/me/export").status_code for _ in range(6)]
        assert statuses[0] == 200
        last = mine.get("/api/me/export")
        assert (last.status_code, last.json()["code"]) == (429, "viewer.tries")
        assert int(last.headers["retry-after"]) >= 1
    with client(shop, "modest") as other:
        assert other.get("/api/me").status_code == 200, "nobody else waits"


def test_pages_of_the_shop_may_ask_and_no_other(shop: Served) -> None:
    headers = {"x-viewer-token": token_of(shop, WHO), "origin": SHOP_PAGE}
    answer = httpx.get(f"{shop.url}/api/me", headers=headers)
    assert answer.headers["access-control-allow-origin"] == SHOP_PAGE
    assert answer.headers["cache-control"] == "no-store"
    before = httpx.options(f"{shop.url}/api/me/tags/gender", headers={"origin": SHOP_PAGE})
    assert before.status_code == 204
    assert "DELETE" in before.headers["access-control-allow-methods"]
    for method in ("GET", "OPTIONS"):
        headers["origin"] = "https://evil.example"
        answer = httpx.request(method, f"{shop.url}/api/me", headers=headers)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
    assert refused(shop, "foreign_origin") == 2


def test_a_person_erases_themselves_and_nobody_of_the_shop_is_asked(shop: Served) -> None:
    send(shop, *known("leaver-0001", city="深圳"))
    with client(shop, "leaver-0001") as mine:
        assert mine.post("/api/me/erasure", json={"confirm": "leaver-0001"}).status_code == 202
        wait_for(lambda: shop.home.persons.requests.waiting() == [], shop)
        answer = mine.get("/api/me")
        assert (answer.status_code, answer.json()["detail"]) == (403, "erased")
    (done,) = [one for one in shop.home.persons.requests.newest() if one.asked_by == "/me"]
    assert done.report is not None
    assert "leaver-0001" not in repr(done)


def test_the_page_loads_nothing_of_others_and_keeps_no_token(shop: Served) -> None:
    with httpx.Client(base_url=shop.url, timeout=WAIT_S) as browser:
        page = browser.get("/me")
        assert page.status_code == 200
        policy = page.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "http" not in page.text.replace("http-equiv", "")
        for path in ("/me/page.css", "/me/page.js", "/me/icon.svg"):
            assert browser.get(path).status_code == 200
        assert set(browser.get("/me/texts.json").json()) == {"zh", "en"}
        for path in ("/me/page.html", "/me/%2e%2e/app.py", "/me/", "/me/x"):
            assert browser.get(path).status_code == 404, path
        assert browser.post("/me").status_code == 405


def test_costs_are_below_what_a_person_may_ask_at_once() -> None:
    assert myself.OF_VIEWER.burst > 2 * myself.EXPORT_COST
