"""The health of tags over the API: the numbers of each tag's own page, and of the reports."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from qianmian.bootstrap.tag_health import strategies_with
from qianmian.language.definition import Definition
from qianmian.language.parse import parse
from qianmian.settings import Settings
from tests.measured_shop import FILE, LASTS_MS, NOON, WORKS, write_evening
from tests.serving import WAIT_S, served
from tests.strategy_shop import strategy

PEOPLE = 200


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
            prepare=lambda home: write_evening(home, PEOPLE),
        ) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as client,
    ):
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        client.headers["x-csrf-token"] = client.post("/first-account", json=given).json()["csrf"]
        yield client


def health(client: httpx.Client) -> dict[str, dict[str, Any]]:
    answer = client.get("/tags/health")
    assert answer.is_success, answer.text
    return {one["key"]: one for one in answer.json()}


def test_each_tag_has_the_numbers_of_its_own_page(owner: httpx.Client) -> None:
    """Of those that history can say: it holds, nobody knows, and of how many people."""
    found = health(owner)
    listed = owner.get("/definitions", params={"kind": "tag"}).json()
    assert set(found) == {one["key"] for one in listed if one["now"] and one["number"] is None}
    compared = 0
    for one in listed[::4]:  # each asks history by itself
        told = found.get(one["key"])
        if told is None or told["total"] is None:
            continue
        given = {"kind": "tag", "key": one["key"], "text": one["now"]["text"]}
        page = owner.post("/definitions/distribution", json=given).json()["everybody"]
        mine = (told["total"], told["yes"], told["unknown"])
        assert mine == (page["total"], page["yes"], page["unknown"]), one["key"]
        assert told["as_of"] == NOON + LASTS_MS
        assert told["flips"] is None  # nobody was there a day before
        compared += 1
    assert compared > 8


def test_what_strategies_changed_by_a_tag_is_what_their_reports_say(owner: httpx.Client) -> None:
    told = {one["key"]: one["found"] for one in owner.get("/tags/highly_engaged/effects").json()}
    by = {"by": "highly_engaged"}
    assert told[WORKS] == owner.get(f"/strategies/{WORKS}/effect", params=by).json()
    assert owner.get("/tags/nothing/effects").status_code == 404


def test_a_tag_is_used_by_whoever_names_it_also_through_a_segment() -> None:
    definitions = (
        Definition("seg", "segment", parse("tag.below")),
        Definition("below", "tag", parse("count(liked) within 10m >= 3")),
        Definition("other", "tag", parse("count(liked) within 10m >= 9")),
    )
    given = [strategy("a", whom=("seg",)), strategy("b", conditions="tag.below"), strategy("c")]
    assert strategies_with(given, definitions) == {"below": ["a", "b"]}
