"""The wheel carries the whole product, data files included, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hatch_build
from tests.required import absent
from tools.lints.walk import ROOT

# Asks the installed package for its page and for whatever that page names.
ASK = """
import asyncio, json, re
import qianmian
from qianmian.server.console import ConsoleApp, bundled_console

async def ask(path):
    told = []
    async def send(message):
        told.append(message)
    scope = {"type": "http", "method": "GET", "path": path, "headers": []}
    await ConsoleApp(bundled_console())(scope, None, send)
    return told[0]["status"], told[1]["body"].decode()

status, page = asyncio.run(ask("/"))
named = re.findall(r'(?:src|href)="(/[^"]+)"', page)
statuses = [asyncio.run(ask(path))[0] for path in named]
print(json.dumps([qianmian.__file__, status, named, statuses]))
"""


def wheel_in(folder: Path, **environment: str) -> Path:
    """The wheel of this checkout, built without a download."""
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(folder)],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / done.stdout.split()[-1]


@pytest.mark.long
def test_the_wheel_holds_every_file_of_the_product_and_no_other(tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel_in(tmp_path, QIANMIAN_SKIP_CONSOLE="1")) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
        metadata = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
        assert "qianmian = qianmian.cli.main:main" in wheel.read(metadata[0]).decode()
    product = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "qianmian").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert packed == product
    assert "qianmian/py.typed" in packed


@pytest.mark.long
def test_an_installed_wheel_serves_its_page_on_a_machine_without_node(tmp_path: Path) -> None:
    if hatch_build.unbuilt(ROOT):
        absent("node", "the pages are not built from these sources: make console")
    wheel = wheel_in(tmp_path, QIANMIAN_NODE="pypi")
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(installed), str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed), "PATH": str(Path(sys.executable).parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    package, status, named, statuses = json.loads(done.stdout)
    assert package.startswith(str(installed)), "not the checkout"
    assert status == 200
    assert any(path.endswith(".js") for path in named)
    assert any(path.endswith(".css") for path in named)
    assert set(statuses) == {200}
