from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from qianmian.connectors.files import read_lines, size_of
from qianmian.errors import InputError


def test_lines_are_numbered_as_an_editor_does_and_blank_ones_left_out(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\n  \nb\n\xff\nc")
    found = [(line.number, line.text, line.problem) for line in read_lines(path)]
    assert found == [(1, "a", ""), (4, "b", ""), (5, None, "not_utf8"), (6, "c", "")]


def test_progress_is_measured_in_bytes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"ab\ncd\n")
    assert [line.bytes_read for line in read_lines(path)] == [3, 6]
    path.write_bytes(gzip.compress(b"ab\n" * 1000))
    assert [line.bytes_read for line in read_lines(path)][-1] == path.stat().st_size


def test_a_line_without_end_is_told_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"a\n" + b"x" * 35 + b"\nb\n")
    lines = read_lines(path, max_bytes=10)
    found = [(line.number, line.text, line.problem) for line in lines]
    assert found == [(1, "a", ""), (2, None, "line_too_long"), (3, "b", "")]


def test_a_cut_off_gzip_is_told_and_nothing_of_it_is_half_counted(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(gzip.compress(b"ab\n" * 5000)[:-10])
    with pytest.raises(InputError, match="cut off"):
        list(read_lines(path))


@pytest.mark.parametrize(("name", "says"), [("missing", "there is no file"), (".", "is a folder")])
def test_what_is_no_file_is_told(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        size_of(tmp_path / name)
