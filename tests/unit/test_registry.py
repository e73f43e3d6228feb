"""Catalogs are checked at the door."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from qianmian.errors import DefinitionError, UnknownName
from qianmian.registry import Registry, load_catalog


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package `shelf`, still empty."""
    package = tmp_path / "shelf"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield package
    for name in [name for name in sys.modules if name.partition(".")[0] == "shelf"]:
        del sys.modules[name]


def shelf() -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module("shelf")


@dataclass(frozen=True)
class Keyed:
    key: str


def test_every_public_module_gives_its_definition(folder: Path) -> None:
    (folder / "b.py").write_text("DEFINITION = 'b'")
    (folder / "a.py").write_text("DEFINITION = 'a'")
    (folder / "_draft.py").write_text("raise RuntimeError")
    found = load_catalog(shelf(), str, noun="letter", key_of=str)
    assert dict(found) == {"a": "a", "b": "b"}
    assert list(found) == ["a", "b"]
    assert len(found) == 2


def test_a_definition_has_a_key_or_else_a_name(folder: Path) -> None:
    (folder / "one.py").write_text(
        "from types import SimpleNamespace as N\nDEFINITION = N(key='one')\nMADE = N(name='one')"
    )
    package = shelf()
    assert list(load_catalog(package, object, noun="thing")) == ["one"]
    assert list(load_catalog(package, object, noun="thing", attribute="MADE")) == ["one"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "shelf.a must have DEFINITION of type str"),
        ("DEFINITION = 7", "shelf.a must have DEFINITION of type str"),
        ("DEFINITION = 'b'", 'shelf.a defines "b"; name the file after the key'),
    ],
)
def test_a_module_without_a_fitting_definition_is_refused(
    folder: Path, text: str, message: str
) -> None:
    (folder / "a.py").write_text(text)
    with pytest.raises(DefinitionError, match=message):
        load_catalog(shelf(), str, noun="letter", key_of=str)


def test_a_key_given_twice_is_refused(folder: Path) -> None:
    (folder / "a.py").write_text("DEFINITION = 'a'")
    (folder / "b.py").write_text("DEFINITION = 'a'")
    with pytest.raises(DefinitionError, match='two letter definitions have the key "a"'):
        load_catalog(shelf(), str, noun="letter", key_of=str)


def test_a_name_that_nobody_has_is_answered_with_a_near_one() -> None:
    registry = Registry("moment", {"doubt": Keyed("doubt")})
    assert registry.named("doubt") == registry["doubt"]
    with pytest.raises(UnknownName, match=r'unknown moment "doubts".*"doubt"'):
        registry.named("doubts")


def test_two_registries_join_unless_they_share_a_key() -> None:
    registry = Registry("moment", {"b": 1})
    assert list(registry.joined({"a": 2})) == ["a", "b"]
    with pytest.raises(DefinitionError, match='the key "b"'):
        registry.joined({"b": 2})
