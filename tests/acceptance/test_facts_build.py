"""`qianmian facts build`: the file that the definitions of an installation ask for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from qianmian.bootstrap.nightly import facts_chore
from qianmian.cli.main import run
from qianmian.columns.batch import EventBatch
from qianmian.runtime.fact_files import newest, read_facts
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Events, Message
from qianmian.settings import Settings
from qianmian.storage.history import History
from qianmian.storage.profile_file import StoredProfiles
from tests.serving import WAIT_S, served

DAY = 86_400_000
DEFINITIONS = """\
- key: keeper
  kind: tag
  text: sum(order_paid.amount) within 30d >= ¥500
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with an order of two days ago in its history."""
    definitions = tmp_path / "definitions.yaml"
    definitions.write_text(DEFINITIONS, encoding="utf-8")
    monkeypatch.setenv("QIANMIAN_DEFINITIONS", str(definitions))
    clock = int(time.time() * 1_000) - 2 * DAY
    row = {"clock": clock, "type": "order_paid", "viewer": "v", "room": "r", "amount": 70_000}
    history = History(tmp_path / "home" / "history")
    batch = EventBatch.from_rows([{**row, "order_id": "o", "message": 0}])
    history.add(Message(0, clock, Events(batch)), outcomes=np.zeros(1, np.uint8))
    told = {"type": "profile_updated", "viewer": "v", "traits": {"minor": True, "shoe": 38}}
    batch = EventBatch.from_rows([{**told, "clock": clock, "message": 1}])
    history.add(Message(1, clock, Events(batch)), outcomes=np.zeros(1, np.uint8))
    history.flush()
    return tmp_path / "home"


def test_it_builds_what_the_definitions_ask_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["facts", "build", "--home", str(home), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    facts = read_facts(home / "facts", told["hash"])
    (one,) = facts.viewers()
    assert (one.viewer, one.total("sum(order_paid.amount)", 30)) == ("v", 70_000)
    assert (one.traits["minor"], "shoe" in one.traits) == (True, False), "who may be spoken to"
    assert (told["viewers"], told["columns"]) == (1, ["sum(order_paid.amount)"])
    profiles = StoredProfiles(home / "profiles").newest()
    assert profiles is not None
    assert told["profiles"].endswith(f"{profiles.name}.arrow")
    known = profiles.of("v")
    assert known is not None
    assert known.behavior["order_paid"].amount_minor == 70_000
    assert known.preference.preferred("brand", known.behavior["order_paid"].last) is None
    assert run(["facts", "build", "--home", str(home), "--locale", "zh-CN"]) == 0
    assert "1 名观众" in capsys.readouterr().out


def test_the_chore_of_the_night_builds_once_a_day(home: Path) -> None:
    clock = [int(time.time() * 1_000)]
    settings = Settings.from_environment({**os.environ, "QIANMIAN_HOME": str(home)})
    chore = facts_chore(settings, History(home / "history"), lambda: clock[-1])
    assert json.loads(str(chore.do()))["viewers"] == 1
    named = newest(home / "facts")
    assert named is not None
    assert chore.do() is None, "it has been built"
    clock.append(clock[0] - 3 * DAY)
    (home / "facts" / "newest").unlink()
    assert chore.do() is None, "there is nothing from before that day"


def test_a_running_server_learns_of_a_build(home: Path) -> None:
    with served(home) as server:
        assert run(["facts", "build", "--home", str(home)]) == 0
        wanted = newest(home / "facts")
        until = time.monotonic() + WAIT_S

        def known(live: Live) -> str | None:
            return live.facts_hash

        while server.home.deployment.engine.ask(known).result(WAIT_S) != wanted:
            assert time.monotonic() < until
    assert wanted is not None


def test_a_server_starts_without_the_reader_of_history() -> None:
    program = "import qianmian.cli.commands.serve, sys; print(*sorted(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, capture_output=True, text=True
    )
    assert not {"duckdb", "sqlglot"} & set(told.stdout.split())
