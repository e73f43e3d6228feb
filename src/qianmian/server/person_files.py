"""What a person gets who asks what is kept about them: one JSON document that says what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from qianmian.errors import InputError
from qianmian.locales.texts import document
from qianmian.runtime.refusals import Refusals
from qianmian.storage.person_reader import PersonReader, exported

LOCALES: Final = (("zh", "zh-CN"), ("en", "en-US"))
_INSTANTS: Final = frozenset({"event_time", "clock", "at", "first_seen", "last_seen", "until"})


def exported_document(
    viewer: str, reader: PersonReader, refusals: Refusals, now_ms: int
) -> dict[str, Any]:
    """Everything that is kept about a person; instants also as people write them.

    Raises: InputError when nothing is, or the person was erased; LogProblem; OSError.
    """
    if refusals.has(viewer):
        raise InputError("this person was erased: nothing is kept about them")
    told = exported(viewer, reader)
    about = {name: document(locale, "privacy")["export"] for name, locale in LOCALES}
    return {"about": about, "made_at": _written(now_ms), **_readable(told)}


def _readable(value: Any) -> Any:
    """The same with instants as ISO 8601."""
    if isinstance(value, dict):
        return {
            name: _written(one) if name in _INSTANTS and isinstance(one, int) else _readable(one)
            for name, one in value.items()
        }
    return [_readable(one) for one in value] if isinstance(value, list) else value


def _written(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="milliseconds")
