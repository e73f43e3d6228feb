"""Evidence is compared with the oracle's in every vector; here are the turns of the road."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from qianmian.columns.facts import Facts
from qianmian.learning.danmaku import CLASSES
from qianmian.runtime.evidence import Explainer
from qianmian.runtime.vectors import GivenFacts
from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product, product_of
from qianmian.vocabulary.rejected import Rejected
from tests.vectors import documents

NUMBERS = re.compile(r"room\.(online|gmv|orders_per_min)")  # the engine tells what they were
NEEDS_BOUNDS = {"duplicates", "backfilled"}  # the engine's business, not the evidence's


def rows_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The events as rows, without repeated ids and late ones."""
    rows: list[dict[str, Any]] = []
    seen: set[object] = set()
    for item in document["timeline"]:
        event = dict(item.get("event") or {})
        if item.get("do") == "merge":
            event = {"type": "identity_linked"} | {k: item[k] for k in ("anonymous_id", "viewer")}
        elif item.get("do") == "session_end":
            event = {"type": "session_ended", "room": item["room"]}
        if event:
            names, hinted = event.pop("classes", ()), event.pop("verified", 1) == 0
            row = canonical(event, arrival=item["at"])
            assert not isinstance(row, Rejected)
            row |= {"verified": 0} if hinted else {}
            row["classes"] = sum(1 << CLASSES[name] for name in names)
            key = (event.get("viewer"), event.get("anonymous_id"), event.get("message_id"))
            if key[2] is None or key not in seen:
                rows.append(row)
            seen.add(key)
    return rows


PLAIN = [
    name
    for name in documents.names()
    if name.split(".")[0] not in NEEDS_BOUNDS
    and "late" not in name
    and "edit" not in name
    and "first.session_silent" not in name  # only the name of the firing's session tells
    and not NUMBERS.search(str(documents.read(name)["definitions"]))
]


def test_most_vectors_are_among_them() -> None:
    assert len(PLAIN) > 250


@pytest.mark.parametrize("name", PLAIN)
def test_the_evidence_is_what_the_vector_says(name: str) -> None:
    document = documents.read(name)
    definitions = {one.key: one for one in documents.definitions_of(document)}
    products = [product_of(raw) for raw in document["catalog"]]
    explainer = Explainer(
        products=[one for one in products if isinstance(one, Product)],
        lateness_ms=document.get("lateness", 5_000),
    )
    for expected in documents.expected_of(document):
        firing = Firing(
            expected.at, expected.viewer, expected.room, "", expected.moment, 1, expected.key
        )
        facts = facts_of(document, expected.at)
        found = explainer.evidence(firing, definitions, rows_of(document), facts=facts)
        assert found == expected.because


def facts_of(document: dict[str, Any], at: int) -> Facts | None:
    """The build in force at an instant."""
    builds = [i["facts"] for i in document["timeline"] if i.get("do") == "facts" and i["at"] <= at]
    return msgspec.convert(builds[-1], GivenFacts, strict=False).facts() if builds else None
