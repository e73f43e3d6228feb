"""Who is who, the slow way: an instant's links, and everybody who can be reached over them."""

from __future__ import annotations

from collections.abc import Sequence

Link = tuple[int, str, str, bool]
"""When, two ids, and whether the link is over."""


def holding(links: Sequence[Link]) -> set[tuple[str, str]]:
    """The pairs that hold after all links, by walking them in the order of the log.

    The rules of docs/semantics.md: an anonymous id has one link at a time; what is told again
    before the end of the same link says nothing.
    """
    held: set[tuple[str, str]] = set()
    ended: dict[tuple[str, str], list[int]] = {}
    since: dict[tuple[str, str], int] = {}
    for at, one, other, is_over in links:
        pair = (one, other) if one.startswith("?") else (max(one, other), min(one, other))
        if one == other:
            continue
        if is_over:
            if pair in held:
                held.remove(pair)
                ended.setdefault(pair, []).append(max(at, since[pair]))
            continue
        taken = pair in held or (
            one.startswith("?") and any(own == one for own, _ in held)
        )  # fmt: skip
        if not taken and all(at > end for end in ended.get(pair, [])):
            held.add(pair)
            since[pair] = at
    return held


def people(links: Sequence[Link]) -> dict[str, set[str]]:
    """For each id the ids of its person: all that can be reached."""
    held = holding(links)
    found = {}
    for start in {one for pair in held for one in pair}:
        reached, size = {start}, 0
        while len(reached) > size:
            size = len(reached)
            reached |= {one for pair in held if reached & set(pair) for one in pair}
        found[start] = reached
    return found
