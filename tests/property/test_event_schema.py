"""The published JSON Schema accepts exactly what decoding accepts."""

from __future__ import annotations

import json
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.events import CATALOG, ENVELOPE, LINKING, EventField, EventType
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.rejected import Rejected
from tools.docs import stale
from tools.docs_events import SCHEMA_PATH, pages
from tools.lints.walk import ROOT

SCHEMA = json.loads((ROOT / SCHEMA_PATH).read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
SENT = [event for event in CATALOG if event.senders]


def test_the_generated_files_are_current() -> None:
    assert stale({path: text.rstrip("\n") + "\n" for path, text in pages().items()}) == {}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def is_accepted(event: Any) -> bool:
    row = canonical(event, arrival=1_700_000_000_000, sender="server", default_room="r1")
    return not isinstance(row, Rejected)


def valid_value(field: EventField, rng: random.Random) -> Any:
    if field.name == "currency":
        return rng.choice(sorted(MINOR_DIGITS))
    if field.type in {"string", "text"}:
        return rng.choice(["a", "千面", "x y", "😀", "v" * 128, "1"])
    if field.type in {"int", "money"}:
        return rng.choice([0, 1, 199, 2**53, 5.0])
    if field.type == "bool":
        return rng.random() < 0.5
    if field.type == "items":
        line = {"product": "p", "quantity": rng.randint(1, 3), "price": rng.randint(0, 999)}
        return [line] * rng.randint(0, 3)
    return {"a": 1, "b": "千", "c": 2.5, "d": True, "e": None}


def valid_event(event: EventType, rng: random.Random) -> dict[str, Any]:
    raw: dict[str, Any] = {"type": event.name}
    for field in (*ENVELOPE, *event.fields):
        if field.required or rng.random() < 0.4:
            raw[field.name] = valid_value(field, rng)
        elif rng.random() < 0.1:
            raw[field.name] = rng.choice([None, ""])
    if event.name in LINKING:
        other = rng.choice(["anonymous_id", "linked_viewer"])
        ids = {"anonymous_id": None, "linked_viewer": "", "viewer": "u1"}
        return raw | ids | {other: "a1"}
    if event.scope != "room" and not raw.get("viewer"):
        raw["anonymous_id"] = "a1"
    return raw


BAD_VALUES = [[], {"x": []}, -1, 1.5, 2**53 + 1, "\x00", "v" * 2_001, [7]]


def invalid_event(event: EventType, rng: random.Random) -> dict[str, Any]:
    raw = valid_event(event, rng)
    needed = [field.name for field in event.fields if field.required]
    kind = rng.choice(["type", "extra", "value", *(["missing"] if needed else [])])
    if kind == "type":
        return raw | {"type": rng.choice(["", None, 7, event.name.upper()])}
    if kind == "extra":
        return raw | {rng.choice(["product_id", "verified", "clock"]): 1}
    if kind == "missing":
        name = rng.choice(needed)
        return {key: value for key, value in raw.items() if key != name}
    field = rng.choice([field for field in (*ENVELOPE, *event.fields) if field.type != "items"])
    return raw | {field.name: rng.choice(BAD_VALUES[:2] if "int" in field.type else BAD_VALUES)}


def test_200_random_valid_events_validate() -> None:
    rng = random.Random(20)
    for number in range(200):
        event = valid_event(SENT[number % len(SENT)], rng)
        assert is_accepted(event), canonical(event, arrival=0, default_room="r1")
        VALIDATOR.validate(event)


def test_200_random_invalid_events_do_not_validate() -> None:
    rng = random.Random(21)
    refused = 0
    while refused < 200:
        event = invalid_event(SENT[refused % len(SENT)], rng)
        if is_accepted(event):  # -1 is fine among traits, for instance
            assert VALIDATOR.is_valid(event)
            continue
        assert not VALIDATOR.is_valid(event), event
        refused += 1


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, "", "a", "a\n", "?a", "\x7f", "\ufeff", "v" * 128, "v" * 129, "v" * 513),
        *(0, 1, -1, True, False, 2.0, 2.5, 2**53, 2**53 + 1, -(2**53) - 1, 1e300),
        *([], [{}], [{"product": "p"}], [{"product": "", "quantity": 1}]),
        *([{"product": "p", "quantity": 0}], [{"product": "p", "category": ""}]),
        *({}, {"a": "b"}, {"": 1}, {"a": {}}, {"a\n": 1}, {"a": "\x01"}, {"a": 1e300}),
        *("CNY", "cny"),
    ]
)


@given(st.sampled_from(SENT), st.data())
def test_schema_and_decoding_agree_on_odd_values(event: EventType, data: st.DataObject) -> None:
    names = ["type", "oddity", *(field.name for field in (*ENVELOPE, *event.fields))]
    needed = [field.name for field in event.fields if field.required]
    raw = valid_event(event, random.Random(data.draw(st.integers(0, 99))))
    raw |= data.draw(st.dictionaries(st.sampled_from(names), ODD, max_size=2))
    for name in data.draw(st.sets(st.sampled_from([*needed, "viewer", "anonymous_id"]))):
        raw.pop(name, None)
    assert VALIDATOR.is_valid(raw) == is_accepted(raw), raw
