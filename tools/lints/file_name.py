"""A file is named after its idea; "utils" is where ideas go to be lost."""

from __future__ import annotations

from collections.abc import Iterator

from tools.lints.rule import Rule, Source

BANNED_WORDS = frozenset(
    {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
)


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for part in source.path.with_suffix("").parts:
        for word in BANNED_WORDS.intersection(part.split("_")):
            yield 1, f"{word!r} in {part!r} says nothing: name the file after its one idea"


RULE = Rule(
    name="file-name",
    summary="No utils, helpers, common or manager in the name of a file or folder.",
    covers=lambda _: True,
    check=_check,
)
