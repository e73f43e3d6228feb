"""Break each rule of the oracle and see which vector notices: `python -m tools.mutants`.

Every mutant is loaded as a package of its own beside the oracle, so nothing on disk is changed and
nothing is left behind. A mutant that no vector kills means a rule that no vector holds.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.vectors.documents import expected_of, names, oracle_firings, read
from tools.mutant import Mutant
from tools.mutant_list import MUTANTS

ORACLE = Path(__file__).resolve().parent.parent / "tests" / "oracle"


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: the first vector that kills it, and how many do."""

    mutant: Mutant
    killers: tuple[str, ...]


def verdicts(mutants: Iterable[Mutant] = MUTANTS, *, first_only: bool = True) -> Iterator[Verdict]:
    """Run the vectors against each mutant.

    Raises: ValueError when the text to replace is not in the file exactly once.
    """
    for number, mutant in enumerate(mutants):
        with _loaded(f"oracle_mutant_{number}", mutant) as run:
            found = []
            for name in names():
                if _fails(name, run):
                    found.append(name)
                    if first_only:
                        break
        yield Verdict(mutant, tuple(found))


def _fails(name: str, run: Callable[..., Any]) -> bool:
    document = read(name)
    try:
        return list(map(tuple, oracle_firings(document, run))) != list(
            map(tuple, expected_of(document))
        )
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return True  # a mutant that breaks down is noticed, too


@contextmanager
def _loaded(package: str, mutant: Mutant) -> Iterator[Callable[..., Any]]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / package
        shutil.copytree(ORACLE, home, ignore=shutil.ignore_patterns("__pycache__"))
        target = home / mutant.file
        text = target.read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            message = (
                f"{mutant.rule}: {mutant.old!r} is {text.count(mutant.old)} times in {mutant.file}"
            )
            raise ValueError(message)
        target.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        for path in home.rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            path.write_text(source.replace("tests.oracle", package), encoding="utf-8")
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        try:
            yield importlib.import_module(f"{package}.run").run
        finally:
            sys.path.remove(folder)
            for name in [name for name in sys.modules if name.split(".")[0] == package]:
                del sys.modules[name]


def main() -> int:
    """Print one line per mutant; 0 when every one is killed."""
    survivors = 0
    for verdict in verdicts():
        survivors += not verdict.killers
        print(f"{verdict.mutant.rule:60} {verdict.killers[0] if verdict.killers else 'SURVIVES'}")
    print(f"{len(MUTANTS)} mutants, {survivors} survive")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
