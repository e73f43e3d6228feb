"""Tests on real data: skipped where nobody has it, failing where it must be there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lints.walk import ROOT

TEST = "def test_it_reads(real_data):\n    assert real_data.is_absolute()\n"


@pytest.mark.parametrize(
    ("data", "require", "outcome"),
    [
        ("{here}", "1", "1 passed"),
        ("", "", "1 skipped"),
        ("{here}/missing", "0", "1 skipped"),
        ("{here}/missing", "1", "1 error"),
        ("", "1", "1 error"),
    ],
)
def test_the_fixture_skips_or_fails_as_told(
    tmp_path: Path, data: str, require: str, outcome: str
) -> None:
    (tmp_path / "test_inner.py").write_text(TEST, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = data: real\n", encoding="utf-8")
    wanted = {
        "PYTHONPATH": str(ROOT),
        "QIANMIAN_DATA": data.format(here=tmp_path),
        "QIANMIAN_REQUIRE": require,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # no plugin but ours: a third of the time
    }
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.conftest",
            "-p",
            "no:cacheprovider",
            "-m",
            "data",
        ],
        cwd=tmp_path,
        env={key: text for key, text in os.environ.items() if not key.startswith("PYTEST_")}
        | wanted,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in done.stdout.splitlines()[-1], done.stdout + done.stderr
