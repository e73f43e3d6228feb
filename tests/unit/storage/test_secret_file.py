"""The secret of a deployment: made once, the same ever after, for its owner only."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from qianmian.errors import OperationalError
from qianmian.storage.secret_file import read_or_make


def test_it_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "signing.key"
    secret = read_or_make(path)
    assert len(secret) == 32
    assert read_or_make(path) == secret
    assert path.stat().st_mode & 0o077 == 0
    assert [one.name for one in path.parent.iterdir()] == ["signing.key"]


def test_two_that_start_at_once_have_the_same(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(read_or_make(tmp_path / "k")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_file_of_another_size_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(b"short")
    with pytest.raises(OperationalError, match="restore it"):
        read_or_make(tmp_path / "k")


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OperationalError, match="cannot be used"):
        read_or_make(tmp_path / "file" / "k")
