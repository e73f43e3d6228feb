from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.columns.facts import ViewerFacts, facts_bytes
from qianmian.errors import InputError
from qianmian.runtime.fact_files import read_facts, write_facts

DATA = facts_bytes([ViewerFacts("u", last_seen=1)], boundary_ms=0)


def test_a_build_is_found_by_its_hash(tmp_path: Path) -> None:
    path = write_facts(tmp_path, DATA)
    name = path.stem.removeprefix("facts-")
    assert read_facts(tmp_path, name).of("u") == ViewerFacts("u", last_seen=1)
    assert write_facts(tmp_path, DATA) == path
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_a_missing_or_changed_file_is_named(tmp_path: Path) -> None:
    path = write_facts(tmp_path, DATA)
    name = path.stem.removeprefix("facts-")
    path.write_bytes(DATA[:-1])
    with pytest.raises(InputError, match="does not hold what its name says"):
        read_facts(tmp_path, name)
    path.unlink()
    with pytest.raises(InputError, match="restore the file or build it again"):
        read_facts(tmp_path, name)


def test_what_is_no_build_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not an Arrow file"):
        write_facts(tmp_path, b"no facts")
    assert not list(tmp_path.iterdir())
