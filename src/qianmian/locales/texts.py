"""Texts by locale and key, read from the JSON files beside this module."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

LOCALES = ("zh-CN", "en-US")
DEFAULT_LOCALE = "en-US"


@cache
def document(locale: str, name: str) -> Mapping[str, Any]:
    """The texts of one subject ("cli", "moments") in one locale."""
    file = resources.files("qianmian.locales").joinpath(locale, f"{name}.json")
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def entry(locale: str, name: str, key: str) -> Mapping[str, Any]:
    """The texts of one entry of a catalog ("moments", "tags"); empty where it has none."""
    try:
        found = document(locale, name).get(key)
    except FileNotFoundError:  # a catalog without texts
        return {}
    return found if isinstance(found, Mapping) else {}


def locale_of(name: str | None) -> str:
    """The locale for a name as systems write it (`zh_CN.UTF-8`, `en`): Chinese or else English."""
    return "zh-CN" if (name or "").lower().startswith("zh") else DEFAULT_LOCALE


class Texts(Mapping[str, str]):
    """The flat texts of one subject, with their places filled in."""

    def __init__(self, locale: str, name: str) -> None:
        self.locale = locale
        self._texts = document(locale, name)

    def __getitem__(self, key: str) -> str:
        return str(self._texts[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)

    def say(self, key: str, **places: object) -> str:
        """The text of a key with `{name}` replaced."""
        return self[key].format(**places)

    def count(self, key: str, number: int, **places: object) -> str:
        """The text of a key about `{count}` things, in the form for one where it is one."""
        form = f"{key}.one" if number == 1 and f"{key}.one" in self else key
        return self.say(form, count=f"{number:,}", **places)
