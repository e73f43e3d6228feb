"""What the host was told to say in slices that took turns: read by a shop, in words and in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from qianmian.bootstrap.installation import Installation, open_installation
from qianmian.cli.main import run
from qianmian.columns.batch import EventBatch
from qianmian.runtime.messages import Body, Decided, DefinitionsChanged, Events
from qianmian.server.api.effects import StrategyEffectModel
from qianmian.settings import Settings
from qianmian.strategies.slices import PAIR_MS, SLICE_MS, is_acting
from qianmian.vocabulary.decision import Decision
from tests.measured_shop import NOON

KEY: Final = "tell_price"
FILE: Final = """
strategies:
  - key: tell_price
    title: {zh: 讲一下价格, en: tell the price}
    moment: price_question
    mode: full
    goal: {event: liked}
    steps:
      - {channel: host, title: 讲一下价格}
"""
BEGIN: Final = NOON - NOON % PAIR_MS
SESSION: Final = f"r1@{BEGIN}"
MINUTE: Final = 60_000


def write_session(home: Installation, minutes: int) -> None:
    """A like a minute, and three while the host is told; a question at the begin of each slice."""
    enters = {"type": "room_entered", "viewer": "v1", "clock": BEGIN, "room": "r1"}
    start: list[Body] = [DefinitionsChanged(home.definitions)]
    home.log.append(BEGIN, [*start, Events(EventBatch.from_rows([enters]))])
    for minute in range(minutes):
        at = BEGIN + minute * MINUTE + 1_000
        acts = is_acting("default", KEY, "r1", SESSION, at)
        likes = [
            {"type": "liked", "viewer": f"v{n}", "clock": at, "room": "r1"}
            for n in range(1 + 2 * acts + minute % 3)
        ]
        bodies: list[Body] = [Events(EventBatch.from_rows(likes))]
        if minute * MINUTE % SLICE_MS == 0:
            told: Any = ("act", "") if acts else ("held_out", "slice")
            made = Decision(
                id=f"d{minute}", at=at, viewer="v1", room="r1", session=SESSION, strategy=KEY,
                version=1, firing=f"f{minute}", outcome=told[0], reason=told[1],
            )  # fmt: skip
            bodies.append(Decided((made,)))
        home.log.append(at, bodies)
    home.log.commit()


def recorded(folder: Path, minutes: int) -> Settings:
    (folder / "strategies.yaml").write_text(FILE, encoding="utf-8")
    settings = Settings(home=folder / "home", strategies=folder / "strategies.yaml")
    with open_installation(settings, lambda: BEGIN) as home:
        write_session(home, minutes)
        home.deployment.recover(home.definitions, home.products)
        home.history.flush_before(home.log.durable_offset)
    return settings


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (170, {"zh-CN": ("确认有效", "每分钟多 +", "满 60 个"), "en-US": ("It works", "slices")}),
        (60, {"zh-CN": ("还不能确定", "个可比的时间片"), "en-US": ("needs",)}),
    ],
)
def test_a_shop_reads_what_the_host_brought(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    minutes: int,
    says: dict[str, tuple[str, ...]],
) -> None:
    settings = recorded(tmp_path, minutes)
    monkeypatch.setenv("QIANMIAN_STRATEGIES", str(settings.strategies))
    home = ["--home", str(settings.home)]
    assert run(["effects", *home, "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    slices = found["slices"]
    assert (found["effect"]["verdict"], found["effect"]["why_hidden"]) == (None, "by_slices")
    if minutes > 150:
        assert (slices["verdict"], slices["slices"]) == ("works", 30)
        assert slices["more"]["low"] <= 2 <= slices["more"]["high"]
        assert slices["more"]["low"] > 1
    else:
        assert (slices["verdict"], slices["more"], slices["slices"]) == ("unsure", None, 0)
        assert slices["waiting"] + slices["still_needed"] == slices["next_look"] == 30
    over_the_api = StrategyEffectModel.model_validate({**found, "harms": []})
    assert over_the_api.model_dump()["slices"] == slices
    for locale, parts in says.items():
        assert run(["effects", KEY, *home, "--locale", locale]) == 0
        out = "".join(capsys.readouterr().out.split("\n"))
        for part in parts:
            assert part in out, out
