"""Erasure takes the person out of the events and leaves everything that is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.arrow import to_arrow
from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import SHARD_COUNT, erased, tombstones
from qianmian.vocabulary.ids import shard_of

KEY = b"0123456789abcdef"
CLOCK = 1_700_000_000_000
ROWS: list[dict[str, object]] = [
    {"type": "comment_sent", "viewer": "v1", "text": "my number is 138", "classes": 2},
    {"type": "comment_sent", "viewer": "v2", "text": "hello", "classes": 1},
    {"type": "identity_linked", "anonymous_id": "a1", "viewer": "v1", "traits": {"age": 30}},
    {"type": "profile_updated", "viewer": "v2", "traits": {"age": 40}},
    {"type": "order_paid", "viewer": "v1", "order_id": "o1", "amount": 990, "product": "p"},
    {"type": "liked", "anonymous_id": "a1", "properties": '{"phone":"138"}'},
    {"type": "liked", "anonymous_id": "a2", "properties": '{"x":1}'},
]


def batch() -> EventBatch:
    return EventBatch.from_rows([{"clock": CLOCK, "room": "r", "message": 0} | row for row in ROWS])


def test_the_person_is_gone_and_the_rest_is_as_it_was() -> None:
    named = tombstones(["v1", "?a1"], KEY, namespace="default")
    before, after = batch(), erased(batch(), named)
    v1, a1 = named["v1"], named["?a1"]
    assert [row.get("viewer") for row in after.to_rows()] == [v1, "v2", a1, "v2", v1, a1, "?a2"]
    assert after.to_rows()[2]["linked_viewer"] == v1
    for old, new in zip(before.to_rows(), after.to_rows(), strict=True):
        if old["viewer"] in ("v2", "?a2"):
            assert new == old
        else:
            dropped = {"text", "properties", "traits", "viewer", "linked_viewer"}
            assert {k: v for k, v in new.items() if k not in dropped} == {
                k: v for k, v in old.items() if k not in dropped
            }
            assert not {"text", "properties", "traits"} & set(new)


def test_nothing_of_the_person_is_left_in_the_columns() -> None:
    after = to_arrow(erased(batch(), tombstones(["v1", "?a1"], KEY, namespace="default")))
    written = str([column.to_pylist() for column in after.columns])
    written += str([after.column(n).dictionary.to_pylist() for n in ("viewer", "text")])
    for secret in ("138", "v1", "a1", "30"):
        assert f"'{secret}'" not in written
    assert "my number" not in written
    assert "phone" not in written


def test_a_batch_without_the_person_is_the_same_object() -> None:
    given_batch = batch()
    assert erased(given_batch, tombstones(["v9"], KEY, namespace="default")) is given_batch
    named = tombstones(["v1", "?a1"], KEY, namespace="default")
    done = erased(given_batch, named)
    assert erased(done, named) is done  # so an erasure may be done again


@given(
    viewer=st.from_regex(r"\??[a-z0-9]{1,12}", fullmatch=True),
    shards=st.sampled_from((1, 2, 8, 64, 128)),
)
def test_a_tombstone_is_on_the_shard_of_its_id(viewer: str, shards: int) -> None:
    name = tombstones([viewer], KEY, namespace="n")[viewer]
    assert SHARD_COUNT % shards == 0
    assert shard_of(name, shards, namespace="n") == shard_of(viewer, shards, namespace="n")
    assert name.startswith("?") == viewer.startswith("?")
    assert viewer.strip("?") not in name or len(viewer.strip("?")) < 8


def test_a_tombstone_tells_nothing_without_its_key() -> None:
    one = tombstones(["v1"], KEY, namespace="default")
    assert one == tombstones(["v1"], KEY, namespace="default")
    assert one != tombstones(["v1"], KEY[::-1], namespace="default")
    assert one != tombstones(["v1"], KEY, namespace="other")
