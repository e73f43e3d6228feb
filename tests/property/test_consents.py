"""Consents: the latest word counts, however the log is cut, and a merge never allows more."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.batch import EventBatch
from qianmian.runtime.consent_book import ConsentBook, changes_in
from qianmian.vocabulary.consent import (
    CHANNELS,
    EVERY_CHANNEL,
    MARKETING,
    PURPOSES,
    SHARE,
    Consent,
    may,
    merged,
    told,
)

THINGS = [(MARKETING, one) for one in (EVERY_CHANNEL, "in_room", "push", "sms")] + [(SHARE, "")]
PLACES = [(p, c) for p in PURPOSES for c in (EVERY_CHANNEL, *CHANNELS)]
Said = tuple[tuple[str, str], Consent]

consents = st.builds(Consent, st.integers(0, 5), st.integers(0, 5), st.booleans())
said = st.lists(st.tuples(st.sampled_from(THINGS), consents), max_size=12)
VIEWERS = ("a", "b", "?x", "?y")


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Messages of one row each: changes, farewells, links."""
    found = []
    for clock in range(draw(st.integers(1, 12))):
        row: dict[str, Any] = {"clock": 100 + clock, "message": clock}
        row["event_time"] = draw(st.integers(90, 100 + clock))
        kind = draw(st.sampled_from(["consent_changed"] * 4 + ["unsubscribed", "identity_linked"]))
        row["type"] = kind
        if kind == "identity_linked":
            row |= {
                "viewer": draw(st.sampled_from("ab")),
                "anonymous_id": draw(st.sampled_from("xy")),
            }
        else:
            purpose, channel = draw(st.sampled_from(THINGS))
            row |= {"viewer": None} | _who(draw(st.sampled_from(VIEWERS)))
            row["channel"] = channel or None
            if kind == "consent_changed":
                row |= {"purpose": purpose, "granted": draw(st.integers(0, 1))}
        found.append(row)
    return found


def _who(viewer: str) -> dict[str, str]:
    return {"anonymous_id": viewer[1:]} if viewer.startswith("?") else {"viewer": viewer}


def obvious(told_rows: list[dict[str, Any]]) -> dict[str, dict[tuple[str, str], bool]]:
    """The fold of the events, one after the other, with lists and nothing else."""
    owner: dict[str, str] = {}
    words: dict[str, dict[tuple[str, str], tuple[int, int, bool]]] = {}
    for row in told_rows:
        anonymous = f"?{row['anonymous_id']}" if row.get("anonymous_id") else None
        if row["type"] == "identity_linked":
            if anonymous is not None and anonymous not in owner:
                owner[anonymous] = row["viewer"]
                mine = words.setdefault(row["viewer"], {})
                for thing, theirs in words.pop(anonymous, {}).items():
                    if thing not in mine:
                        mine[thing] = theirs
                        continue
                    at, arrival, _ = max(mine[thing], theirs)
                    mine[thing] = (at, arrival, mine[thing][2] and theirs[2])
            continue
        viewer = str(row.get("viewer") or anonymous)
        mine = words.setdefault(owner.get(viewer, viewer), {})
        left = row["type"] == "unsubscribed"
        thing = (MARKETING if left else row["purpose"], row.get("channel") or "")
        new = (row["event_time"], row["clock"], not left and row["granted"] == 1)
        old = mine.get(thing)
        if old is None or new[:2] > old[:2] or (new[:2] == old[:2] and not new[2]):
            mine[thing] = new
    return {who: {thing: one[2] for thing, one in things.items()} for who, things in words.items()}


@given(rows(), st.lists(st.integers(0, 12), max_size=4))
def test_any_batches_give_the_fold_of_the_events(
    events: list[dict[str, Any]], cuts: list[int]
) -> None:
    wanted = obvious(events)
    edges = sorted({0, len(events), *(cut for cut in cuts if cut < len(events))})
    book = ConsentBook()
    for start, stop in pairwise(edges):
        batch = EventBatch.from_rows(events[start:stop])
        book.observe(batch, np.zeros(len(batch), np.uint8))
        stored = json.loads(json.dumps(book.snapshot()))  # a restart at every cut
        book = ConsentBook()
        book.restore(stored)
    for viewer in VIEWERS:
        found = {thing: one.granted for thing, one in book.of(viewer).items()}
        links = {
            f"?{r['anonymous_id']}": r["viewer"]
            for r in reversed(events)
            if r["type"] == "identity_linked"
        }
        assert found == wanted.get(links.get(viewer, viewer), {})


@given(said)
def test_the_order_of_arrival_does_not_matter_where_instants_differ(words: list[Said]) -> None:
    forward: dict[tuple[str, str], Consent] = {}
    backward: dict[tuple[str, str], Consent] = {}
    for thing, one in words:
        forward = told(forward, thing, one)
    for thing, one in reversed(words):
        backward = told(backward, thing, one)
    assert forward == backward


@given(said, said)
def test_a_merge_allows_nothing_that_either_refused(one: list[Said], other: list[Said]) -> None:
    mine: dict[tuple[str, str], Consent] = {}
    theirs: dict[tuple[str, str], Consent] = {}
    for thing, word in one:
        mine = told(mine, thing, word)
    for thing, word in other:
        theirs = told(theirs, thing, word)
    both = merged(mine, theirs)
    assert both == merged(theirs, mine)
    for thing, word in both.items():
        assert word.granted == all(side[thing].granted for side in (mine, theirs) if thing in side)


@given(said)
def test_the_switch_holds_for_every_channel_and_unknown_is_no(words: list[Said]) -> None:
    state: dict[tuple[str, str], Consent] = {}
    for thing, one in words:
        state = told(state, thing, one)
    off = told(state, (MARKETING, ""), Consent(9, 9, granted=False))
    assert not any(may(off, MARKETING, channel) for channel in CHANNELS)
    for purpose, channel in PLACES:
        is_said = (purpose, channel) in state and state[purpose, channel].granted
        if may(state, purpose, channel) and (purpose, channel) != (MARKETING, "in_room"):
            assert is_said


def test_what_nobody_has_said_is_no_but_in_the_room() -> None:
    found = {channel for channel in CHANNELS if may({}, MARKETING, channel)}
    assert found == {"in_room"}
    assert not may({}, SHARE)
    assert not may({}, "anything")


def test_a_change_keeps_its_proof_and_a_duplicate_is_none() -> None:
    proof = {"text_version": "2026-03", "evidence": "signed at the counter"}
    row = {"clock": 5, "type": "consent_changed", "viewer": "a", "purpose": SHARE, "granted": 1}
    batch = EventBatch.from_rows([row | {"message": 7, "properties": json.dumps(proof)}] * 2)
    (change,) = changes_in(batch, np.array([0, 1], np.uint8), 7)
    assert (change.text_version, change.evidence) == ("2026-03", "signed at the counter")
    assert (change.offset, change.place, change.granted, change.channel) == (7, 0, True, "")
