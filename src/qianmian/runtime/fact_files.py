"""Files of facts in a folder, each named by the hash of its content: written once, for good."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from qianmian.columns.facts import Facts, content_hash
from qianmian.errors import InputError

NEWEST: Final = "newest"


def fact_file(folder: Path, name: str) -> Path:
    """Where the build of this hash lies."""
    return folder / f"facts-{name}.arrow"


def write_facts(folder: Path, data: bytes) -> Path:
    """Write a build; what is there already is left alone.

    Guarantees: whoever sees the file sees all of it, also after a power cut.
    Raises: InputError when these bytes are no facts; OSError when they cannot be written.
    """
    facts = Facts(data)
    folder.mkdir(parents=True, exist_ok=True)
    path = fact_file(folder, facts.hash)
    if path.exists():
        return path
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path


def name_newest(folder: Path, name: str) -> None:
    """Say which build a server should know; one that runs follows within seconds.

    Raises: OSError when it cannot be written.
    """
    unfinished = folder / f"{NEWEST}.part"
    unfinished.write_text(name, encoding="ascii")
    unfinished.replace(folder / NEWEST)


def newest(folder: Path) -> str | None:
    """The hash of the build that a server should know; None while none has been named."""
    try:
        return (folder / NEWEST).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def read_facts(folder: Path, name: str) -> Facts:
    """The build of this hash.

    Raises: InputError when it is not there, or has been changed since it was written.
    """
    path = fact_file(folder, name)
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise InputError(
            f"the facts {name[:12]} are not in {folder}: {problem}; the log needs every build that"
            " it names, so restore the file or build it again",
            path=str(path),
        ) from problem
    if content_hash(data) != name:
        raise InputError(
            f"the file {path.name} does not hold what its name says; restore it from a backup",
            path=str(path),
        )
    return Facts(data)
