"""Catalogs: one definition per file, found by walking a folder, checked at the door.

A module `<package>/catalog/<name>.py` has an attribute `DEFINITION`. Nothing registers itself when
it is imported: `bootstrap` calls `load_catalog` and hands the registry on.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Generic, TypeVar

from qianmian.errors import DefinitionError, UnknownName

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Definitions by key, in order of the key; never changed once made.

    `noun` names the kind in messages, e.g. "moment".
    """

    def __init__(self, noun: str, by_key: Mapping[str, T]) -> None:
        self.noun = noun
        self._by_key = {key: by_key[key] for key in sorted(by_key)}

    def __getitem__(self, key: str) -> T:
        return self._by_key[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def named(self, key: str) -> T:
        """The definition of that key.

        Raises: UnknownName, with what was probably meant.
        """
        if key not in self._by_key:
            raise UnknownName.of(self.noun, key, self._by_key)
        return self._by_key[key]

    def joined(self, other: Mapping[str, T]) -> Registry[T]:
        """A registry of both, for instance of built-in definitions and those of plug-ins.

        Raises: DefinitionError when both have a key.
        """
        twice = sorted(self._by_key.keys() & other.keys())
        if twice:
            raise DefinitionError(f'two {self.noun} definitions have the key "{twice[0]}"')
        return Registry(self.noun, self._by_key | dict(other))


def load_catalog(
    package: ModuleType,
    kind: type[T],
    *,
    noun: str,
    attribute: str = "DEFINITION",
    key_of: Callable[[T], str] | None = None,
) -> Registry[T]:
    """Import every public module of a package and collect its definition.

    Args:
        package: the catalog folder, imported.
        kind: what each definition must be an instance of.
        noun: the word for one of them in messages.
        attribute: where a module keeps it.
        key_of: its key; by default its attribute `key`, or else `name`.

    Raises: DefinitionError when a module has none, has one of another type, its key is not the
        name of its file, or a key appears twice.
    """
    read_key = key_of or _key
    by_key: dict[str, T] = {}
    for found in pkgutil.iter_modules(package.__path__):
        if found.name.startswith("_"):
            continue
        name = f"{package.__name__}.{found.name}"
        definition = getattr(importlib.import_module(name), attribute, None)
        if not isinstance(definition, kind):
            raise DefinitionError(f"{name} must have {attribute} of type {kind.__name__}")
        key = read_key(definition)
        if key in by_key:
            raise DefinitionError(f'two {noun} definitions have the key "{key}", one in {name}')
        if key != found.name:
            raise DefinitionError(f'{name} defines "{key}"; name the file after the key')
        by_key[key] = definition
    return Registry(noun, by_key)


def _key(definition: object) -> str:
    return str(getattr(definition, "key", None) or getattr(definition, "name", ""))
