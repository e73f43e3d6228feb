"""What is noted of refused events has the forms that the pages put into words.

`console/tests/rejected-details.json` holds events and what is said of each; the console's own test
reads the same file.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from qianmian.vocabulary.decode import canonical
from qianmian.vocabulary.rejected import Rejected
from tools.lints.walk import ROOT

VECTORS = json.loads((ROOT / "console/tests/rejected-details.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=[one["detail"] for one in VECTORS])
def test_it_is_said_as_the_pages_expect(vector: dict[str, Any]) -> None:
    found = canonical(vector["event"], arrival=1)
    assert isinstance(found, Rejected)
    assert (found.reason_code, found.detail) == (vector["code"], vector["detail"])
