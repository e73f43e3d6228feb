"""What every test may ask for: real data, and Hypothesis at the right effort."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.required import absent

# A slow machine is no bug, so no deadline; a failure prints what repeats it.
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
settings.register_profile(
    "fast", max_examples=30, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.register_profile(
    "long", max_examples=1_000, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.load_profile(os.environ.get("QIANMIAN_HYPOTHESIS", "fast"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that read real data, so that `-m data` finds them."""
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
