"""A strategy that does harm is paused by the server, and goes on when somebody says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from qianmian.server.guarding import Guarding
from qianmian.settings import Settings
from tests.measured_shop import (
    FILE_WITH_HARM,
    HARMS,
    LASTS_MS,
    NOON,
    SILENT,
    UNEVEN,
    WORKS,
    write_evening,
)
from tests.serving import WAIT_S, Served, served

OWNER = {"name": "老板", "password": "correct horse"}


def look(server: Served) -> None:
    """One look of the guard, now."""
    guarding = Guarding(server.site.strategies, server.site.measurer)
    asyncio.run_coroutine_threadsafe(guarding.follow(), server.loop).result(WAIT_S)


def deciding(server: Served) -> set[str]:
    """The strategies by which the engine decides, in both of their arms."""
    asked = server.site.deployment.ask(lambda live: live.decider.rules.strategies)
    found = asyncio.run_coroutine_threadsafe(asked, server.loop).result(WAIT_S)
    return {one.key for one in found}


@contextmanager
def shop(folder: Path, people: int = 1_000) -> Iterator[tuple[Served, httpx.Client]]:
    (folder / "strategies.yaml").write_text(FILE_WITH_HARM, encoding="utf-8")
    home = folder / "home"
    is_new = not home.exists()
    settings = Settings(home=home, strategies=folder / "strategies.yaml")
    with (
        served(
            home,
            settings,
            now=lambda: NOON + LASTS_MS,
            prepare=(lambda opened: write_evening(opened, people)) if is_new else lambda _: None,
        ) as server,
        httpx.Client(base_url=f"{server.url}/api", timeout=WAIT_S) as client,
    ):
        if is_new:
            given = {"token": server.first_token, **OWNER}
            told = client.post("/first-account", json=given).json()
        else:
            told = client.post("/session", json=OWNER).json()
        client.headers["x-csrf-token"] = told["csrf"]
        yield server, client


def now_of(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/strategies/{HARMS}").json()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("guarded")


def test_what_drives_people_away_is_paused_and_stays_so_until_somebody_lets_it_go_on(
    folder: Path,
) -> None:
    others = {WORKS, UNEVEN, SILENT}
    with shop(folder) as (server, client):
        assert deciding(server) == {*others, HARMS}
        told = client.get(f"/strategies/{HARMS}/effect").json()
        assert told["suggestion"] == {"step": "end", "why": "harms"}
        look(server)
        assert deciding(server) == others  # neither acts nor holds out any more
        found = now_of(client)
        assert (found["mode"], found["now"]["changed_by"]) == ("paused", "guardrail")
        assert "fewer reach the goal: +30.0" in found["now"]["why"]
        assert "达成目标的人更少：+30.0" in found["now"]["why"]
        (moved,) = [
            one for one in client.get("/audit").json()["items"] if one["action"] == "strategy.moved"
        ]
        assert (moved["subject"], moved["reason"]) == (HARMS, found["now"]["why"])
        told = client.get(f"/strategies/{HARMS}/effect").json()
        assert told["suggestion"] is None  # it is paused already
        (harm,) = told["harms"]
        assert (harm["name"], harm["is_crossed"]) == ("missed", True)
        assert harm["more"]["value"] == pytest.approx(0.3)
        look(server)  # there is nothing more to do
        assert now_of(client)["now"] == found["now"]

    with shop(folder) as (server, client):
        assert deciding(server) == others
        assert now_of(client)["now"] == found["now"]
        step = {"step": "resume", "why": "the price was wrong that evening"}
        answer = client.post(f"/strategies/{HARMS}/versions/1/step", json=step)
        assert answer.is_success, answer.text
        assert deciding(server) == {*others, HARMS}
        look(server)  # whoever resumed it has seen what came before
        assert now_of(client)["mode"] == "full"
        assert client.get(f"/strategies/{HARMS}/effect").json()["harms"] == []


def test_near_its_bound_it_goes_on_and_today_says_so_with_the_figures(tmp_path: Path) -> None:
    """Of the same evening with a fifth of the people: 30 points worse, and nobody is sure."""
    with shop(tmp_path, people=200) as (server, client):
        look(server)
        assert HARMS in deciding(server)
        (need,) = [one for one in client.get("/home").json()["needs"] if one["key"] == HARMS]
        harm = need["harm"]
        assert (need["kind"], harm["name"]) == ("near_harm", "missed")
        assert (harm["treated"], harm["control"]) == (100, 100)
        assert (harm["is_near"], harm["is_crossed"], harm["tolerated"]) == (True, False, 0)
        assert harm["more"]["low"] < 0 < harm["more"]["value"] == pytest.approx(0.3)
        assert client.get(f"/strategies/{HARMS}/effect").json()["harms"] == [harm]
