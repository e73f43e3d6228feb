"""What is suggested for a tag follows from its numbers by fixed rules."""

from __future__ import annotations

import pytest

from qianmian.tags.definition import Freshness
from qianmian.tags.health import TagStanding, health_of

FINE = TagStanding(1, 1_000, 200, 100, 220, 180)


@pytest.mark.parametrize(
    ("standing", "freshness", "is_used", "suggestion", "reasons"),
    [
        (FINE, "daily", True, "keep", ()),
        (FINE, None, False, "keep", ("unused",)),  # nobody uses it yet is no fault of the tag
        (None, "daily", True, "not_enough", ("not_in_history",)),
        (None, None, False, "not_enough", ("not_in_history", "unused")),
        (TagStanding(1, 99, 0, 0, 0, 0), "daily", True, "not_enough", ("few_people",)),
        (TagStanding(1, 100, 0, 0, 0, 0), "daily", True, "fix", ("nobody",)),
        (TagStanding(1, 100, 0, 0, 0, 0), "daily", False, "retire", ("nobody", "unused")),
        (TagStanding(1, 100, 99, 0, 99, 99), "daily", True, "fix", ("everybody",)),
        (TagStanding(1, 100, 98, 0, 98, 98), "daily", True, "keep", ()),
        (TagStanding(1, 100, 20, 51, 20, 20), None, True, "fix", ("little_evidence",)),
        # That nobody told the shop is no reason to throw a tag away.
        (
            TagStanding(1, 100, 0, 51, 0, 0),
            "daily",
            False,
            "not_enough",
            ("little_evidence", "unused"),
        ),
        (TagStanding(1, 100, 0, 50, 0, 0), "daily", False, "retire", ("nobody", "unused")),
        (TagStanding(1, 900, 200, 0, 200, 99), None, True, "fix", ("unstable",)),
        (TagStanding(1, 900, 200, 0, 200, 100), None, True, "keep", ()),
        (TagStanding(1, 900, 20, 0, 99, 0), None, True, "keep", ()),  # of too few to say
        (TagStanding(1, 900, 0, 0, 200, 0), "live", False, "keep", ("unused",)),
        (TagStanding(1, 900, 0, 0, 200, 0), "session", True, "keep", ()),
    ],
)
def test_a_suggestion_names_its_reasons(
    standing: TagStanding | None,
    freshness: Freshness | None,
    is_used: bool,
    suggestion: str,
    reasons: tuple[str, ...],
) -> None:
    found = health_of("one", standing, freshness, is_used=is_used)
    assert (found.suggestion, found.reasons) == (suggestion, reasons)
