"""What a person gets who asks what is kept about them: one JSON document that says what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from qianmian.errors import InputError
from qianmian.locales.texts import document
from qianmian.runtime.refusals import Refusals
from qianmian.server.delivering import card_of, is_for_room
from qianmian.storage.person_decisions import DecisionTold
from qianmian.storage.person_reader import PersonReader, exported
from qianmian.vocabulary.room_message import STATES

LOCALES: Final = (("zh", "zh-CN"), ("en", "en-US"))
_INSTANTS: Final = frozenset(
    {"event_time", "clock", "at", "first_seen", "last_seen", "since", "until"}
    | {"not_before", "deadline_at", "valid_from", "valid_until"}
)
_SHOWN: Final = ("title", "body", "action_label", "action_url", "why")
Row = dict[str, Any]


def exported_document(
    viewer: str, reader: PersonReader, refusals: Refusals, now_ms: int, currency: str
) -> Row:
    """Everything that is kept about a person; instants also as people write them.

    Args:
        currency: of the shop: what messages said of money.

    Raises: InputError when nothing is, or the person was erased; LogProblem; OSError.
    """
    if refusals.has(viewer):
        raise InputError("this person was erased: nothing is kept about them")
    told = exported(viewer, reader)
    told["decisions"] = list(_decisions(told["decisions"], told["events"], currency))
    about = {name: document(locale, "privacy")["export"] for name, locale in LOCALES}
    return {"about": about, "made_at": _written(now_ms), **_readable(told)}


def _decisions(
    found: Iterable[DecisionTold], events: Iterable[Row], currency: str
) -> Iterator[Row]:
    """Each decision in words, with what was shown and what became of it."""
    receipts: dict[str, list[Row]] = {}
    for row in events:
        state = str(row["type"]).removeprefix("message_")
        if state in STATES and "delivery_id" in row:
            told = {"state": state, "at": row["event_time"]}
            receipts.setdefault(row["delivery_id"], []).append(told)
    outcomes, reasons = (_in_words(name) for name in ("outcomes", "reasons"))
    for one in found:
        decision = one.decision
        yield {
            **_given(decision),
            "title": {} if one.strategy is None else dict(one.strategy.title),
            "outcome_words": outcomes.get(decision.outcome, {}),
            "reason_words": reasons.get(decision.reason, {}),
            "offer": decision.offer if one.offer is None else _given(one.offer),
            "words": _words(one, currency),
            "receipts": receipts.get(decision.id, []),
            "end": one.end,
        }


def _given(one: msgspec.Struct) -> Row:
    """The fields that say something."""
    return {name: value for name, value in msgspec.structs.asdict(one).items() if value}


def _words(one: DecisionTold, currency: str) -> Row | None:
    """What the page was to show; None: nothing was, or the log does not have the words any more."""
    decision, strategy = one.decision, one.strategy
    if not is_for_room(decision) or strategy is None:
        return None
    card = card_of(decision, strategy, one.offer, one.product, None, currency)
    return {name: value for name in _SHOWN if (value := getattr(card, name))}


def _in_words(name: str) -> dict[str, dict[str, str]]:
    """Codes of decisions as a person reads them, by code and language."""
    texts = {language: document(locale, "privacy")[name] for language, locale in LOCALES}
    return {
        code: {language: held[code] for language, held in texts.items()} for code in texts["en"]
    }


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
