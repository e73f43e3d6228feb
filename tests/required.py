"""What a test needs from the machine: skipped where it is absent, failed where it is demanded.

`QIANMIAN_REQUIRE` lists what must be there: `1` or `data` real data, `node`, `chromium`,
`postgres`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

CLIENTS = Path(__file__).parent / "clients"


def is_required(name: str) -> bool:
    """Whether the absence of this is a failure."""
    demanded = {one.strip() for one in os.environ.get("QIANMIAN_REQUIRE", "").split(",")}
    return name in demanded or (name == "data" and "1" in demanded)


def absent(name: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where this is demanded."""
    if is_required(name):
        pytest.fail(f"{reason}, and QIANMIAN_REQUIRE asks for {name}")
    pytest.skip(reason)


def program(name: str, *names: str) -> str:
    """The path of a program, by the first of its names that is there."""
    for one in names or (name,):
        found = shutil.which(one)
        if found is not None:
            return found
    absent(name, f"there is no {name}: install the package {name}")


def node_package(name: str) -> Path:
    """The folder of a package for Node that tests use."""
    folder = CLIENTS / "node_modules" / name
    if not folder.is_dir():
        absent("node", f"{name} is not there: npm ci --prefix tests/clients --ignore-scripts")
    return folder
