from __future__ import annotations

import os
from pathlib import Path

import pytest

from qianmian.runtime.doctor import examine


def test_a_folder_that_cannot_be_written_fails_with_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    findings = {finding.check: finding for finding in examine(tmp_path / "deep" / "home", "en-US")}
    assert (findings["home"].verdict, findings["home"].advice) == ("fail", "home")
    assert findings["compiler"].verdict == "warn"


def test_a_home_that_is_not_there_yet_is_no_problem(tmp_path: Path) -> None:
    findings = {finding.check: finding for finding in examine(tmp_path / "deep" / "home", "zh-CN")}
    assert findings["home"].verdict == "ok"
    assert findings["disk"].value.endswith(" ms")
    assert findings["locale"].value == "zh-CN"
    assert not (tmp_path / "deep").exists(), "looking changes nothing"


def test_the_folder_of_the_data_is_named_in_full() -> None:
    findings = {finding.check: finding for finding in examine(Path("var"), "en-US")}
    assert Path(findings["home"].value).is_absolute()


def test_a_cold_cache_is_told(tmp_path: Path) -> None:
    findings = {finding.check: finding for finding in examine(tmp_path, "en-US", tmp_path)}
    assert (findings["compiler"].verdict, findings["compiler"].advice) == ("warn", "cold")
    (tmp_path / "interpreter.run-1.py311.nbi").touch()
    findings = {finding.check: finding for finding in examine(tmp_path, "en-US", tmp_path)}
    assert findings["compiler"].verdict == "ok"
