"""Effects over the API: a broadcast of the past, one that cannot be believed, nothing yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from qianmian.server.measuring import MOST_NEAR
from qianmian.settings import Settings
from tests.measured_shop import FILE, LASTS_MS, NOON, SILENT, UNEVEN, WORKS, write_evening
from tests.serving import WAIT_S, served


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("shop")
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    settings = Settings(home=folder / "home", strategies=folder / "strategies.yaml")
    with (
        served(
            settings.home,
            settings,
            now=lambda: NOON + LASTS_MS,
            prepare=lambda home: write_evening(home, 1_000),
        ) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as client,
    ):
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        client.headers["x-csrf-token"] = client.post("/first-account", json=given).json()["csrf"]
        yield client


def effect(client: httpx.Client, key: str = WORKS, **asked: Any) -> dict[str, Any]:
    answer = client.get(f"/strategies/{key}/effect", params=asked)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_strategy_that_works_is_told_with_everything_beside_it(owner: httpx.Client) -> None:
    found = effect(owner)
    told = found["effect"]
    assert (told["verdict"], told["treated"], told["control"]) == ("works", 500, 500)
    assert told["primary"]["absolute"]["value"] == pytest.approx(0.3)
    assert told["primary"]["relative"]["value"] == pytest.approx(1.5)
    assert [one["name"] for one in told["secondary"]] == ["orders", "net_sales", "net_after_offers"]
    assert told["secondary"][1]["incremental"]["value"] == pytest.approx(500 * 0.3 * 10_000)
    assert found["naive"]["ratio"] == pytest.approx(2.5)
    assert (found["as_of"], found["waiting"]) == (NOON + LASTS_MS, 0)
    assert effect(owner, version=1) == found


def test_it_is_told_by_tag_where_somebody_asks(owner: httpx.Client) -> None:
    """Nobody had done much before, so there is one group."""
    found = effect(owner, by=["highly_engaged"])
    (group,) = found["by"]["highly_engaged"]["groups"]
    assert (group["group"], group["treated"]["n"]) == ("no", 500)
    assert effect(owner)["by"] == {}
    answer = owner.get(f"/strategies/{WORKS}/effect", params={"by": "highly_engagd"})
    assert answer.status_code == 404
    assert "highly_engaged" in answer.text


def test_the_list_the_report_and_the_page_of_the_strategy_show_the_same(
    owner: httpx.Client,
) -> None:
    """One source; who has not decided is not in the list, who may not be believed is."""
    told = {one["key"]: one for one in owner.get("/effects").json()}
    assert set(told) == {WORKS, UNEVEN}
    assert told[WORKS]["names"]["en"] == "a coupon for who asks the price"
    for key in (WORKS, UNEVEN):
        assert told[key]["mode"] == "full"
        assert told[key]["found"] == effect(owner, key)
        report = owner.get(f"/effects/{key}").json()
        assert {**report["found"], "by": {}} == told[key]["found"]
    assert told[UNEVEN]["found"]["over_time"] == []


def test_a_report_is_told_by_the_levels_nearest_to_it_unless_others_are_named(
    owner: httpx.Client,
) -> None:
    report = owner.get(f"/effects/{WORKS}").json()
    keys = [one["key"] for one in report["levels"]]
    assert list(report["found"]["by"]) == keys
    assert 0 < len(keys) <= MOST_NEAR
    for key in keys:
        groups = report["found"]["by"][key]["groups"]
        assert [one["group"] for one in groups] == ["no", "yes"]  # others divide nobody
        assert sum(one["treated"]["n"] for one in groups) == 500
    carts = report["found"]["by"]["carted_unpaid"]["groups"]
    assert carts == effect(owner, by=["carted_unpaid"])["by"]["carted_unpaid"]["groups"]
    assert carts[1]["treated"]["n"] == 168
    asked = owner.get(f"/effects/{WORKS}", params={"by": "highly_engaged"}).json()
    assert [one["key"] for one in asked["levels"]] == ["highly_engaged"]
    assert asked["found"]["by"] == effect(owner, by=["highly_engaged"])["by"]


def test_the_band_ends_where_the_report_is(owner: httpx.Client) -> None:
    found = effect(owner)
    assert len(found["over_time"]) == 9  # ten instants of deciding; after the first nobody bought
    last = found["over_time"][-1]
    assert last["absolute"] == found["effect"]["primary"]["absolute"]
    assert (last["treated"], last["control"]) == (500, 500)
    assert last["as_of"] == NOON + 1_000 + 60_000


def test_the_evening_is_reviewed_on_one_time_line(owner: httpx.Client) -> None:
    (session,) = owner.get("/recorded-sessions").json()
    path = f"/rooms/r1/sessions/{session['session']}/review"
    found = owner.get(path).json()
    assert {name: found[name] for name in session} == session
    assert found["slices"][-1]["online"] == 1_000
    made: Counter[tuple[str, str]] = Counter()
    for one in found["decided"]:
        made[one["strategy"], one["outcome"]] += one["times"]
    assert made[WORKS, "act"] == made[WORKS, "held_out"] == 500
    assert (made[UNEVEN, "act"], made[UNEVEN, "held_out"]) == (900, 100)
    assert found["names"][WORKS]["en"] == "a coupon for who asks the price"
    moments = {one["moment"]: one["viewers"] for one in found["moments"]}
    assert moments["first_visit"] == 1_000
    answer = owner.get("/rooms/r1/sessions/nothing/review")
    assert (answer.status_code, answer.json()["code"]) == (422, "definition.not_there")


def test_before_a_strategy_has_decided_there_is_no_verdict(owner: httpx.Client) -> None:
    found = effect(owner, SILENT)
    assert (found["effect"]["verdict"], found["effect"]["why_hidden"]) == (None, "no_control")
    assert found["naive"] is None


def test_what_there_is_not_is_said(owner: httpx.Client) -> None:
    for asked in ("/strategies/nobody/effect", "/strategies/price_help/effect?version=7"):
        answer = owner.get(asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "definition.not_there")


def test_arms_that_were_not_drawn_so_are_told_without_a_number(owner: httpx.Client) -> None:
    """A tenth is control where the strategy says half."""
    found = effect(owner, UNEVEN)
    told = found["effect"]
    assert (told["verdict"], told["why_hidden"]) == (None, "sample_ratio")
    assert (told["primary"], told["secondary"], found["naive"]) == (None, [], None)
    assert told["sample_ratio_p"] < 0.001
