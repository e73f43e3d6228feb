from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tools.coverage_floors import Figure, figures, main
from tools.lints.rule import Source

TEXT = """
def plain(x):
    return x

@kernel
def fast(x):
    if x:
        return 1
    return 2

@intrinsic
def prefetch(context):
    return context
"""
ENGINE = Source.of("src/qianmian/engine/step.py", TEXT)


def measured(executed: list[int], missing: list[int], **branches: Any) -> dict[str, Any]:
    return {"executed_lines": executed, "missing_lines": missing} | branches


def test_kernels_are_a_group_of_their_own_with_the_branches_that_leave_their_lines() -> None:
    report = measured(
        [2, 3, 7, 8], [9, 13], executed_branches=[[7, 8]], missing_branches=[[7, 9], [3, -1]]
    )
    assert figures([(ENGINE, report)], kernels=False) == [Figure("engine", 2, 3)]
    assert figures([(ENGINE, report)], kernels=True) == [Figure("kernels", 3, 5)]


@pytest.mark.parametrize(
    ("group", "run", "is_enough"),
    [
        ("engine", 95, True),
        ("engine", 94, False),
        ("kernels", 92, False),
        ("language", 94, False),
        ("runtime", 85, True),
        ("cli", 84, False),
    ],
)
def test_pure_floors_must_be_run_more_than_the_shell(
    group: str, run: int, *, is_enough: bool
) -> None:
    assert Figure(group, run, 100).is_enough is is_enough


@pytest.mark.parametrize(
    ("lines", "code", "says"),
    [
        (([1, 2], []), 0, "errors       100.0 % of 2"),
        (([1], [2]), 1, "below its floor of 95 %"),
        (([], []), 2, "nothing was measured"),
    ],
)
def test_a_report_below_a_floor_or_of_nothing_fails(
    tmp_path: Path,
    lines: tuple[list[int], list[int]],
    code: int,
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "report.json"
    files = {"src/qianmian/errors.py": measured(*lines)}
    path.write_text(json.dumps({"files": files}), encoding="utf-8")
    assert main([str(path)]) == code
    assert says in capsys.readouterr().out
