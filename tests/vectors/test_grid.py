"""GRID.md is complete: every operator has every case, every document has its place."""

from __future__ import annotations

import re
from pathlib import Path

from tests.oracle.judge import OPERATORS
from tests.vectors.documents import names

GRID = (Path(__file__).parent / "GRID.md").read_text(encoding="utf-8")
CASES = ("T-1", "T", "T+1", "late", "duplicate", "reorder", "cancelled", "restart", "merge", "edit")


def _sections() -> dict[str, str]:
    parts = re.split(r"^## (.+)$", GRID, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_cell_has_a_document_or_a_reason() -> None:
    for operator, body in _sections().items():
        if operator == "Rules":
            continue
        rows = dict(re.findall(r"^\| (\S+) \| (.+) \|$", body, flags=re.MULTILINE))
        assert set(CASES) <= set(rows), operator
        for case in CASES:
            cell = rows[case]
            assert cell.startswith("`") or re.match(r"n/a: \S.{15,}", cell), (operator, case)


def test_every_operator_has_a_section() -> None:
    titles = {title.split(" ")[0] for title in _sections()}
    assert {name for name in OPERATORS if name != "select"} <= titles


def test_the_grid_names_every_document_and_no_other() -> None:
    assert set(re.findall(r"`([a-z0-9_]+\.[a-z0-9_]+)`", GRID)) == set(names())
