"""Limits of an expression: how deep and large it may be, and how far back it may look live."""

from __future__ import annotations

from typing import Final

from qianmian.errors import LimitExceeded
from qianmian.language.ast import MAX_DEPTH, MAX_NODES, Count, Node, Sum, children
from qianmian.language.values import LIVE_LIMIT_MS
from qianmian.vocabulary.time import DAY_MS, format_duration

MAX_TEXT: Final = 20_000

_LIVE_FIELDS: Final = ("within", "within_ms", "for_ms", "wait_ms")


def check_size(node: Node) -> None:
    """Refuse a tree that is deeper than 32 or has more than 1,000 nodes; never recurses.

    Raises: LimitExceeded.
    """
    stack, count = [(node, 1)], 0
    while stack:
        top, depth = stack.pop()
        count += 1
        if depth > MAX_DEPTH:
            raise LimitExceeded(
                f"the expression is deeper than {MAX_DEPTH}; make inner parts tags of their own"
            )
        if count > MAX_NODES:
            raise LimitExceeded(
                f"the expression has more than {MAX_NODES} parts; "
                "make some of them tags of their own"
            )
        stack.extend((child, depth + 1) for child in children(top))


def check_live(node: Node) -> None:
    """Refuse a window that the engine does not keep: longer than 7 days.

    `time_since` and `previous visit` look at one stamp and have no such limit; a count or a sum
    without a key over whole days comes from facts and what is live since.

    Raises: LimitExceeded, with what to do.
    """
    check_size(node)
    stack = [node]
    while stack:
        top = stack.pop()
        for name in _LIVE_FIELDS:
            ms = getattr(top, name, None)
            if isinstance(ms, int) and ms > LIVE_LIMIT_MS and not _from_facts(top, ms):
                raise LimitExceeded(
                    f"a window of {format_duration(ms)} is longer than the live limit of "
                    f"{format_duration(LIVE_LIMIT_MS)}; make this part a daily tag or segment and "
                    "write tag.NAME or in segment.NAME here",
                    ms=ms,
                )
        stack.extend(children(top))


def _from_facts(node: Node, within_ms: int) -> bool:
    """Whether facts can fill the window (see `language/fact_columns.py`)."""
    is_plain = isinstance(node, Sum) or (isinstance(node, Count) and node.same is None)
    return is_plain and within_ms % DAY_MS == 0
