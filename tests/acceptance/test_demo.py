"""The demonstration as a stranger starts it: simulated viewers, a real server, nothing lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from qianmian.bootstrap import load_moments

SECONDS = 1_500  # a slow machine that compiles first; a quiet one needs one minute


@pytest.mark.long
def test_every_moment_fires_and_nothing_is_lost(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "qianmian.cli", "demo", "--viewers", "5000", "--port", "0"]
    told = subprocess.run(
        [*command, "--for", "30s", "--headless", "--json", "--home", str(tmp_path / "home")],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    result = json.loads(told.stdout)
    assert result["problems"] == []
    assert result["lost"] == 0
    assert result["events_sent"] == result["events_accepted"] > 0
    assert set(result["firings_by_moment"]) == set(load_moments())
    assert all(result["firings_by_moment"].values())
    assert result["viewers_peak"] > 2_500


def test_a_home_that_is_used_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    told = subprocess.run(
        [sys.executable, "-m", "qianmian.cli", "demo", "--home", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert told.returncode == 2
    assert "--home" in told.stderr
