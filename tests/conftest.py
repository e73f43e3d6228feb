"""What every test may ask for: real data, and Hypothesis at the right effort."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.required import absent

# A slow machine is no bug, so no deadline; a failure prints what repeats it. The same commit draws
# the same examples, so that it is either green or red; `make explore` draws others each time.
_EFFORT = settings(
    deadline=None,
    print_blob=True,
    derandomize=os.environ.get("QIANMIAN_EXPLORE", "") != "1",
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
settings.register_profile("fast", _EFFORT, max_examples=30)
settings.register_profile("long", _EFFORT, max_examples=1_000)
settings.load_profile(os.environ.get("QIANMIAN_HYPOTHESIS", "fast"))


# Files that take seconds of a processor, longest first. Workers take whole files: one that began
# last would keep a single worker busy while the others have nothing left.
LONGEST_FIRST = Path(__file__).with_name("longest_first.txt")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first; mark the tests that read real data, so that `-m data` finds them."""
    top = Path(__file__).parents[1]
    files = LONGEST_FIRST.read_text("utf-8").split()
    place = {top / name: number for number, name in enumerate(files)}
    items.sort(key=lambda item: place.get(item.path, len(place)))
    for item in items:
        if "real_data" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.data)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of recorded shops; its licenses do not let us commit it.

    `QIANMIAN_DATA` names it. Without it the test is skipped; with `QIANMIAN_REQUIRE=1` (or
    `data` in its list) it fails.
    """
    named = os.environ.get("QIANMIAN_DATA", "")
    if named and Path(named).is_dir():
        return Path(named).resolve()
    reason = f"QIANMIAN_DATA={named!r} is no folder" if named else "QIANMIAN_DATA is not set"
    return absent("data", f"{reason}: real data is not in the repository")
