"""Where machine code is kept: what is loaded as code must be nobody else's to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.engine.jit import private_folder


def test_the_users_cache_folder_is_made_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = private_folder()
    assert folder == tmp_path / ".cache" / "qianmian"
    assert folder.stat().st_mode & 0o077 == 0
    assert private_folder() == folder


def test_a_folder_that_others_can_write_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_to_all = tmp_path / ".cache" / "qianmian"
    open_to_all.mkdir(parents=True)
    open_to_all.chmod(0o777)
    folder = private_folder()
    assert folder != open_to_all
    assert folder.stat().st_mode & 0o077 == 0


def test_without_a_home_the_folder_is_of_this_process_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_file = tmp_path / "file"
    a_file.touch()
    monkeypatch.setenv("HOME", str(a_file))
    first, second = private_folder(), private_folder()
    assert first != second
    assert first.stat().st_mode & 0o077 == 0
