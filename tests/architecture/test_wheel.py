"""The wheel carries the whole product, data files included, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.lints.walk import ROOT


@pytest.mark.long
def test_the_wheel_holds_every_file_of_the_product_and_no_other(tmp_path: Path) -> None:
    build = "from hatchling.build import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(tmp_path / done.stdout.split()[-1]) as wheel:
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
