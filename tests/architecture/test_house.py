"""The house as a whole: floors, rules, sizes, errors, languages, the front door."""

from __future__ import annotations

import ast
import configparser
import importlib
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qianmian import errors
from tools import docs, size_ratchet
from tools.lints import __main__ as lints
from tools.lints.walk import ROOT

PRODUCT = ROOT / "src" / "qianmian"
LANGUAGES = ("zh-CN", "en-US")


def floors() -> list[str]:
    """The floors as import-linter checks them, top to bottom."""
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter", encoding="utf-8")
    return re.findall(r"\w+", contract["importlinter:contract:floors"]["layers"])


@pytest.mark.parametrize("floor", floors())
def test_every_floor_exists_and_says_in_one_line_what_it_is(floor: str) -> None:
    package = PRODUCT / floor / "__init__.py"
    path = package if package.exists() else PRODUCT / f"{floor}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert text, f"{path} needs a docstring"
    assert text.splitlines()[0].endswith("."), "the first line is a whole sentence"


def test_nothing_lies_beside_the_floors() -> None:
    present = {
        path.name.removesuffix(".py")
        for path in PRODUCT.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert present - {"__init__", "__main__"} == set(floors())
    assert len(floors()) == 25


def test_the_project_keeps_its_house_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert lints.main() == 0, capsys.readouterr().out


def test_the_project_keeps_its_sizes(capsys: pytest.CaptureFixture[str]) -> None:
    assert size_ratchet.main() == 0, capsys.readouterr().out


def test_the_files_that_begin_first_are_there() -> None:
    files = (ROOT / "tests" / "longest_first.txt").read_text("utf-8").split()
    assert len(set(files)) == len(files) > 0
    assert [one for one in files if not (ROOT / one).is_file()] == []


def test_no_generated_page_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, "run `make docs`\n" + capsys.readouterr().out


def test_importing_qianmian_is_light_and_silent() -> None:
    program = (
        "import sys; before = set(sys.modules); import qianmian; "
        "after = set(sys.modules); import json; print(json.dumps(sorted(after - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.partition(".")[0] for name in json.loads(done.stdout)}
    heavy = {"ahocorasick", "asyncio", "click", "msgspec", "numba", "numpy", "pyarrow", "rich"}
    assert "qianmian" in loaded, "the check itself works"
    assert not loaded & heavy
    assert done.stderr == ""


def error_classes() -> list[type[errors.QianmianError]]:
    return [
        value
        for _, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.QianmianError)
    ]


def test_every_error_is_drawn_in_the_tree_under_its_parent() -> None:
    drawn = list(tree_of(errors.__doc__ or ""))
    real = [
        (error.__name__, error.__base__.__name__) for error in error_classes() if error.__base__
    ]
    assert len(real) >= 4
    assert sorted(drawn) == sorted(
        (name, "" if parent == "Exception" else parent) for name, parent in real
    )


def tree_of(text: str) -> Iterator[tuple[str, str]]:
    """Each class of a drawn tree with the one above it; four columns are one level."""
    above: list[str] = []
    for line in text.splitlines():
        found = re.match(r"    ([ │├└─]*)([A-Z]\w+)", line)
        if found:
            depth = len(found[1]) // 4
            above[depth:] = [found[2]]
            yield found[2], above[depth - 1] if depth else ""


def test_every_error_has_a_code_of_its_own_and_a_message() -> None:
    codes = [error.code for error in error_classes()]
    assert len(codes) == len(set(codes))
    for error in error_classes():
        assert "code" in vars(error), f"{error.__name__} borrows its parent's code"
        assert (error.__doc__ or "").endswith("."), (
            f"{error.__name__}: the docstring is the message"
        )


def strings(language: str) -> dict[str, str]:
    """Every text of a language by file and key, nested keys joined with dots."""
    folder = PRODUCT / "locales" / language
    return {
        f"{path.relative_to(folder).as_posix()}:{key}": text
        for path in sorted(folder.rglob("*.json"))
        for key, text in flat(json.loads(path.read_text(encoding="utf-8")))
    }


def flat(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{prefix}.{key}" if prefix else key)
    else:
        assert isinstance(value, str), f"{prefix} is no text"
        yield prefix, value


def test_both_languages_have_the_same_keys() -> None:
    chinese, english = (strings(language) for language in LANGUAGES)
    assert chinese.keys() == english.keys()
    assert chinese, "there is nothing to compare"


def test_both_languages_use_the_same_placeholders() -> None:
    chinese, english = (strings(language) for language in LANGUAGES)
    for key, text in chinese.items():
        assert placeholders(text) == placeholders(english[key]), key
        assert text, f"{key} is empty"
        assert english[key], f"{key} is empty"


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{(\w*)", text))


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readme_begins_with_the_bare_machine_and_the_two_commands(name: str) -> None:
    top = (ROOT / name).read_text(encoding="utf-8")[:1_200]
    wanted = ("apt-get install -y git make python3 python3-venv", "make demo", "make test", "3.11")
    places = [top.find(text) for text in wanted]
    assert -1 not in places, f"{name} must say these near its top: {wanted}"
    assert places[:3] == sorted(places[:3])


def test_the_locks_name_no_host_and_no_folder() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [path.name for path in locks] == ["bench.txt", "dev.txt", "node.txt"]
    for path in locks:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert "/" not in line, f"{path.name}: {line}"
            assert line.startswith("    --hash=sha256:") or re.match(r"[a-z0-9-]+==\S+ ", line)


def modules_with_marker(marker: str) -> list[Path]:
    tests = (ROOT / "tests").rglob("test_*.py")
    return [path for path in tests if f"pytest.mark.{marker}" in path.read_text(encoding="utf-8")]


def test_make_test_long_has_something_to_run() -> None:
    assert modules_with_marker("long")


def test_every_generator_of_pages_imports() -> None:
    for name in docs.generators():
        assert callable(importlib.import_module(name).pages)
