"""After `qianmian warmup` nothing is left to compile."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from qianmian.cli.main import run

LEFT = """
import importlib, json, pkgutil, sys
import qianmian.engine
from qianmian.cli.main import run
assert run(["warmup", "--json"]) == 0
found = {}
for module in pkgutil.iter_modules(qianmian.engine.__path__):
    loaded = importlib.import_module(f"qianmian.engine.{module.name}")
    for name, value in vars(loaded).items():
        is_own = getattr(value, "__module__", "") == loaded.__name__
        if is_own and getattr(value, "targetoptions", {}).get("nogil"):
            found[name] = len(value.signatures)
print(json.dumps(found))
"""


@pytest.mark.long
def test_warmup_compiles_every_kernel() -> None:
    environment = {name: v for name, v in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
    done = subprocess.run(
        [sys.executable, "-c", LEFT], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    compiled = json.loads(done.stdout.splitlines()[-1])
    assert {"run", "reevaluate", "end_room"} <= set(compiled)
    assert [name for name, count in compiled.items() if count == 0] == []


def test_a_second_warmup_says_that_there_was_nothing_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["warmup", "--json"]) == 0
    capsys.readouterr()
    assert run(["warmup", "--json"]) == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert list(answer) == ["compiled", "seconds", "folder"]
    if "NUMBA_DISABLE_JIT" not in os.environ:
        assert answer["compiled"] is False
        assert captured.err == ""
