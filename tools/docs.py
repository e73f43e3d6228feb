"""Generated pages: `python -m tools.docs` writes them, `--check` shows what is stale.

Each module `tools/docs_<topic>.py` has a function `pages() -> dict[str, str]`: paths from the top
of the checkout, and the whole text of each. It reads the product and writes nothing.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from pathlib import Path

import tools
from tools.lints.walk import ROOT

PREFIX = "docs_"


def generators() -> list[str]:
    """The names of the modules that generate pages."""
    names = (module.name for module in pkgutil.iter_modules(tools.__path__))
    return [f"tools.{name}" for name in names if name.startswith(PREFIX)]


def all_pages() -> dict[str, str]:
    """Every generated page, by its path.

    Raises: ValueError when two generators claim one path.
    """
    pages: dict[str, str] = {}
    for name in generators():
        for path, text in importlib.import_module(name).pages().items():
            if path in pages:
                message = f"{path} is generated twice, the second time by {name}"
                raise ValueError(message)
            pages[path] = text if text.endswith("\n") else text + "\n"
    return pages


def stale(pages: dict[str, str], root: Path = ROOT) -> dict[str, str]:
    """Pages that differ from the files, each with the difference."""
    differences = {}
    for path, wanted in pages.items():
        file = root / path
        present = file.read_text(encoding="utf-8") if file.exists() else ""
        if present != wanted:
            differences[path] = "".join(
                difflib.unified_diff(
                    present.splitlines(keepends=True), wanted.splitlines(keepends=True), path, path
                )
            )
    return differences


def main(arguments: list[str]) -> int:
    """Write the pages, or with `--check` exit 1 if any file is not as generated."""
    pages = all_pages()
    differences = stale(pages)
    if "--check" in arguments:
        print("".join(differences.values()), end="")
        print(f"docs: {len(pages)} generated pages, {len(differences)} stale")
        return 1 if differences else 0
    for path in differences:
        file = ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pages[path], encoding="utf-8")
        print(f"wrote {path}")
    print(f"docs: {len(pages)} generated pages, {len(differences)} written")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
