"""Random worlds drawn by Hypothesis, so that one in which engine and oracle differ shrinks.

The structure is drawn, so whole definitions, messages, cuts and edits fall away; what a single one
of them says comes from a random source of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from hypothesis import strategies as st

from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.language.text import show
from tests.oracle.generate import (
    next_message,
    opened,
    random_levels,
    random_moment,
    with_other_times,
)
from tests.oracle.run import Message

RANDOM = st.integers(0, (1 << 32) - 1).map(Random)


@dataclass(frozen=True)
class World:
    """Definitions, a log with merges and edits, and how the engine is to be driven through it."""

    definitions: tuple[Definition, ...]
    messages: tuple[Message, ...]
    shards: int
    cuts: tuple[int, ...]
    restores: tuple[int, ...]

    def __repr__(self) -> str:
        lines = [_text(one) for one in self.definitions]
        for message in self.messages:
            shown = (message[0], "edit", _text(message[2])) if message[1] == "edit" else message
            lines.append(repr(shown))
        return "\n".join(
            [*lines, f"shards={self.shards} cuts={self.cuts} restores={self.restores}"]
        )


def _text(one: Definition) -> str:
    again = "" if one.again_after_ms is None else f" again after {one.again_after_ms}ms"
    return f"{one.kind} {one.key}: {show(one.expr)}{again}"


@st.composite
def worlds(draw: st.DrawFn, *, edits: bool) -> World:
    """A world of up to four moments, 60 messages and, with `edits`, three edits."""
    levels = [parse_definition(*given) for given in random_levels(draw(RANDOM))]
    texts = [random_moment(rng) for rng in draw(st.lists(RANDOM, min_size=1, max_size=4))]
    moments = [parse_definition(f"m{n}", text, "moment") for n, text in enumerate(texts)]
    log = opened(draw(RANDOM))
    messages: list[Message] = []
    least = draw(st.sampled_from((1, 10, 40)))  # lists are short by themselves
    for rng in draw(st.lists(RANDOM, min_size=least, max_size=60)):
        log.rng = rng
        messages.append(next_message(log))
    place = st.integers(1, len(messages))
    if edits:
        messages = _edited(draw, moments, messages, sorted(draw(st.lists(place, max_size=3))))
    places = st.lists(st.integers(1, len(messages)), max_size=4).map(tuple)
    return World(
        definitions=(*levels, *moments),
        messages=tuple(messages),
        shards=draw(st.sampled_from((1, 3, 8))),
        cuts=draw(places),
        restores=draw(places),
    )


def _edited(
    draw: st.DrawFn, moments: list[Definition], messages: list[Message], places: list[int]
) -> list[Message]:
    """The log with edits before the messages at these places."""
    now = {one.key: one for one in moments}
    out = list(messages)
    for shift, place in enumerate(places):
        key, rng = draw(st.sampled_from(sorted(now))), draw(RANDOM)
        now[key] = _other(now[key], rng)
        out.insert(place + shift, (messages[place - 1][0], "edit", now[key]))
    return out


def _other(old: Definition, rng: Random) -> Definition:
    """The definition with other times, or another one under its key.

    Without new traits: a new definition asks what the engine keeps of the viewer's profile.
    """
    new = parse_definition(old.key, with_other_times(rng, show(old.expr)), old.kind)
    if rng.random() < 0.5:
        other = parse_definition(old.key, random_moment(rng), old.kind)
        new = new if "Trait" in repr(other.expr) else other
    return replace(new, again_after_ms=old.again_after_ms)
