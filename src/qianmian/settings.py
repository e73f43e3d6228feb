"""What can be set when Qianmian starts, with types, limits and defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qianmian.errors import InputError
from qianmian.locales.texts import LOCALES, locale_of

LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Settings:
    """An installation. Given once, never changed.

    `home` holds what an installation keeps: log, snapshots, ledger.
    """

    locale: str = "en-US"
    home: Path = Path("var")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Settings from `QIANMIAN_LOCALE` (else the language of the system) and `QIANMIAN_HOME`.

        Raises: InputError when a value is not one of those that can be.
        """
        named = environment.get("QIANMIAN_LOCALE")
        if named is not None and named not in LOCALES:
            raise InputError(f"QIANMIAN_LOCALE={named} is not one of {', '.join(LOCALES)}")
        system = next((environment[v] for v in LOCALE_VARIABLES if environment.get(v)), None)
        return cls(
            locale=named or locale_of(system),
            home=Path(environment.get("QIANMIAN_HOME", "var")),
        )
