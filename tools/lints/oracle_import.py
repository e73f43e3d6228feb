"""The oracle is a second opinion, so it shares no code with what it judges."""

from __future__ import annotations

from collections.abc import Iterator

from tools.lints.names import imported_modules, is_within
from tools.lints.rule import Rule, Source

SHARED = ("qianmian.vocabulary", "qianmian.errors", "qianmian.locales")


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in imported_modules(source):
        if is_within(name, "qianmian") and not any(is_within(name, root) for root in SHARED):
            yield line, f"{name} lies above the vocabulary: the oracle would share its mistakes"


RULE = Rule(
    name="oracle-import",
    summary="tests/oracle imports nothing of ours above the vocabulary.",
    covers=lambda source: source.path.parts[:2] == ("tests", "oracle"),
    check=_check,
)
