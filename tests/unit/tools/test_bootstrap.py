"""The set-up script on machines that lack something."""

import os
import subprocess
from pathlib import Path

import pytest

from tools.lints.walk import ROOT

SCRIPT = str(ROOT / "tools" / "bootstrap.sh")


def run(python: Path | str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", SCRIPT, *arguments],
        env=os.environ | {"PYTHON": str(python)},
        capture_output=True,
        text=True,
        check=False,
    )


def invented_python(folder: Path, *, is_new: bool, has_ensurepip: bool) -> Path:
    """A program that answers the script's questions as such an interpreter would."""
    path = folder / "python"
    path.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        f"*version_info*) exit {0 if is_new else 1} ;;\n"
        f"*ensurepip*) exit {0 if has_ensurepip else 1} ;;\n"
        "--version) echo Python 3.9.2 ;;\n"
        "*) echo unexpected call >&2; exit 9 ;;\n"
        "esac\n",
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def test_an_old_python_is_refused_with_its_version(tmp_path: Path) -> None:
    python = invented_python(tmp_path, is_new=False, has_ensurepip=True)
    done = run(python, str(tmp_path / "venv"), "lock.txt")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this machine has: Python 3.9.2." in done.stderr


def test_without_ensurepip_one_apt_line_is_printed_and_nothing_is_made(tmp_path: Path) -> None:
    python = invented_python(tmp_path, is_new=True, has_ensurepip=False)
    done = run(python, str(tmp_path / "venv"), "lock.txt")
    assert done.returncode == 1
    assert done.stderr.count("apt-get install -y git make python3 python3-venv") == 1
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(("has_ensurepip", "code"), [(True, 0), (False, 1)])
def test_the_check_is_silent(tmp_path: Path, code: int, *, has_ensurepip: bool) -> None:
    done = run(invented_python(tmp_path, is_new=True, has_ensurepip=has_ensurepip), "--check")
    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")
