"""Firings: identity by content, a digest that does not care for order."""

from __future__ import annotations

import dataclasses
import hashlib
import tracemalloc
from typing import Any

from qianmian.vocabulary.firing import Firing, canonical_json, digest, hash128

FIRING = Firing(1_000, "u1", "r1", "s1", "hesitation", 1, "p1", because=("m1",))


def test_the_id_is_the_hash_of_what_the_firing_is() -> None:
    canonical = '["default","u1","r1","s1","hesitation@1",1000,"p1"]'
    expected = hashlib.blake2b(canonical.encode(), digest_size=16).hexdigest()
    assert FIRING.id == expected


def test_the_evidence_is_no_part_of_the_id() -> None:
    assert dataclasses.replace(FIRING, because=()).id == FIRING.id


def test_every_part_of_the_identity_changes_the_id() -> None:
    changes: list[dict[str, Any]] = [
        {"at": 1_001},
        {"viewer": "u2"},
        {"viewer": None},
        {"room": "r2"},
        {"session": "s2"},
        {"moment": "doubt"},
        {"version": 2},
        {"key": None},
        {"namespace": "wx"},
    ]
    changed: list[Firing] = [dataclasses.replace(FIRING, **change) for change in changes]
    ids = {FIRING.id} | {firing.id for firing in changed}
    assert len(ids) == len(changes) + 1


def test_the_digest_is_over_one_canonical_line_per_firing_by_time_and_id() -> None:
    later = dataclasses.replace(FIRING, at=2_000, viewer=None, key=None)
    lines = (
        f'{{"at":1000,"id":"{FIRING.id}","key":"p1","moment":"hesitation",'
        '"room":"r1","viewer":"u1"}\n'
        f'{{"at":2000,"id":"{later.id}","key":null,"moment":"hesitation",'
        '"room":"r1","viewer":null}\n'
    )
    expected = hashlib.sha256(lines.encode()).hexdigest()
    assert digest([later, FIRING]) == digest([FIRING, later]) == expected
    assert digest([]) == hashlib.sha256().hexdigest()


def test_output_order_is_time_viewer_room_definition_key() -> None:
    assert FIRING.order == (1_000, "u1", "r1", "hesitation", "p1")
    assert dataclasses.replace(FIRING, viewer=None, key=None).order < FIRING.order


def test_canonical_json_keeps_chinese_and_sorts_names() -> None:
    assert canonical_json({"b": ["千", None], "a": 1}) == '{"a":1,"b":["千",null]}'
    assert hash128("a", "b") != hash128("ab", "")
    every = [chr(code) for code in (*range(0xD800), *range(0xE000, 0x110000))]
    parts: list[str | int | None] = ["".join(every), -(2**63), 2**63 - 1, None]
    canonical = canonical_json(parts).encode()
    assert hash128(*parts) == hashlib.blake2b(canonical, digest_size=16).hexdigest()


def test_the_digest_keeps_no_line_longer_than_its_turn() -> None:
    firings = [dataclasses.replace(FIRING, at=at) for at in range(10_000)]
    tracemalloc.start()
    try:
        digest(firings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak / len(firings) < 400, "bytes a firing; with all lines kept it was 590"
