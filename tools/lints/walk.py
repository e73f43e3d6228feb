"""Every rule on every file: folder walks find both, so nothing has to be listed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import tools.lints
from tools.lints.rule import Finding, Rule, Source

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("src", "tools", "tests", "benchmarks")


def rules() -> list[Rule]:
    """The `RULE` of each module of `tools.lints`, by name."""
    names = (module.name for module in pkgutil.iter_modules(tools.lints.__path__))
    modules = (importlib.import_module(f"tools.lints.{name}") for name in names if name[0] != "_")
    found = [module.RULE for module in modules if hasattr(module, "RULE")]
    return sorted(found, key=lambda rule: rule.name)


def sources(root: Path = ROOT) -> Iterator[Source]:
    """Every Python file of the project, in a fixed order."""
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            yield Source.of(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))


def all_findings(files: Iterable[Source]) -> list[Finding]:
    """What every rule finds in the files, in the order of the files' names."""
    every = rules()
    return sorted(
        finding for source in files for rule in every for finding in rule.findings(source)
    )
