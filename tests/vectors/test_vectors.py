from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.vectors.documents import expected_of, names, oracle_firings, read

SCHEMAS = Path(__file__).parents[2] / "schemas"
FOUND = {"classes", "verified"}


def _validator(name: str) -> Any:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", names())
def test_the_oracle_agrees_with_what_was_written_by_hand(name: str) -> None:
    document = read(name)
    assert oracle_firings(document) == expected_of(document), document["name"]


def test_there_are_as_many_documents_as_the_issue_asks_for_and_most_of_them_fire() -> None:
    firing = [name for name in names() if read(name)["expected"]]
    assert len(names()) >= 120
    assert len(firing) > len(names()) // 2


def test_every_document_keeps_to_the_published_schema() -> None:
    validator = _validator("vectors.schema.json")
    wrong = {name: error.message for name in names() for error in validator.iter_errors(read(name))}
    assert not wrong


def test_every_event_is_one_of_the_catalogue() -> None:
    """Beside its canonical fields an event of a vector may state what decoding found."""
    schema = json.loads((SCHEMAS / "event.schema.json").read_text(encoding="utf-8"))
    wrong = {}
    for name in names():
        for item in read(name)["timeline"]:
            if "event" in item:
                told = item["event"].items()
                event = {key: value for key, value in told if key not in FOUND}
                part = {"$ref": f"#/$defs/{event['type']}", "$defs": schema["$defs"]}
                for error in Draft202012Validator(part).iter_errors(event):
                    wrong[name] = error.message
    assert not wrong


def test_clocks_never_go_back_and_firings_are_in_output_order() -> None:
    for name in names():
        clocks = [item["at"] for item in read(name)["timeline"]]
        fired = expected_of(read(name))
        order = [(f.at, f.viewer or "", f.room, f.moment, f.key or "") for f in fired]
        assert clocks == sorted(clocks), name
        assert order == sorted(order), name
        assert all(list(f.because) == sorted(f.because) for f in fired), name
