from __future__ import annotations

import io
from collections.abc import Callable
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.columns.facts import GRID_MS, Facts, ViewerFacts, content_hash, facts_bytes
from qianmian.errors import InputError
from qianmian.vocabulary.ids import shard_of

DAY_MS = 86_400_000
ORDERS = "count(order_paid)"


def build(*viewers: ViewerFacts, **given_: object) -> bytes:
    options = {"boundary_ms": DAY_MS, "columns": [ORDERS], "scores": ["churn"], "segments": ["vip"]}
    return facts_bytes(viewers, **{**options, **given_})  # type: ignore[arg-type]


ANN = ViewerFacts(
    "ann",
    first_seen=5,
    last_seen=7,
    traits={"tier": "gold", "age": 30, "old": True},
    scores={"churn": 0.7},
    segments=frozenset({"vip"}),
    days_by_column={ORDERS: {1: 2, 30: 3, 31: 4}},
)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=9)
viewers = st.builds(
    ViewerFacts,
    viewer=names,
    first_seen=st.none() | st.integers(0, 1 << 50),
    last_seen=st.none() | st.integers(0, 1 << 50),
    traits=st.dictionaries(st.sampled_from("abc"), st.text(max_size=3) | st.integers(0, 9)),
    scores=st.dictionaries(st.just("churn"), st.floats(allow_nan=False)),
    segments=st.frozensets(st.just("vip")),
    days_by_column=st.dictionaries(
        st.just(ORDERS), st.dictionaries(st.integers(1, 366), st.integers(0, 1 << 60), min_size=1)
    ),
)
in_pairs = st.builds(ViewerFacts, viewer=names, person=names)


@given(st.lists(viewers | in_pairs, unique_by=lambda one: one.viewer, max_size=20))
def test_what_is_written_is_read_and_found(given_: list[ViewerFacts]) -> None:
    facts = Facts(build(*given_))
    assert {one.viewer: one for one in facts.viewers()} == {one.viewer: one for one in given_}
    assert all(facts.of(one.viewer) == one for one in given_)
    assert len(facts) == len(given_)
    assert facts.of("nobody by this name") is None


@given(st.permutations([ANN, ViewerFacts("bob"), ViewerFacts("?c")]))
def test_the_order_of_the_viewers_does_not_change_the_file(order: list[ViewerFacts]) -> None:
    assert build(*order) == build(*sorted(order, key=lambda one: one.viewer))


def test_a_range_holds_the_viewers_of_its_shard() -> None:
    """64 ranges and 64 shards are dealt by one hash, so a shard reads its own range only."""
    many = [ViewerFacts(f"v{k}") for k in range(200)]
    with pa.ipc.open_file(io.BytesIO(build(*many))) as reader:
        for number in range(reader.num_record_batches):
            of_range = reader.get_batch(number).column("viewer").to_pylist()
            assert all(shard_of(viewer, 64) == number for viewer in of_range)


def test_a_total_takes_whole_days_before_the_boundary() -> None:
    assert [ANN.total(ORDERS, days) for days in (1, 29, 30, 31, 90)] == [2, 2, 5, 9, 9]
    assert ANN.total("count(liked)", 30) == 0


def test_the_ids_of_a_person_are_in_the_order_of_the_file() -> None:
    known = [ViewerFacts("a"), ViewerFacts("z"), *(ViewerFacts(f"b{k}", person="a") for k in "123")]
    facts = Facts(build(*known))
    ids = facts.ids_of("b2")
    assert set(ids) == {"a", "b1", "b2", "b3"}
    assert list(ids) == [one for one in facts.names() if one in ids]
    assert all(facts.ids_of(one) == ids for one in ids)
    assert facts.ids_of("z") == ("z",)
    assert facts.ids_of("nobody") == ("nobody",)


def test_a_file_of_persons_with_one_id_each_is_as_it_was_before_there_were_others() -> None:
    """Its hash is in logs."""
    assert "person" not in Facts(build(ANN)).table().schema.names


def test_the_name_is_the_hash_of_the_content() -> None:
    data = build(ANN)
    assert Facts(data).hash == content_hash(data)
    assert Facts(build(ANN, boundary_ms=2 * DAY_MS)).hash != content_hash(data)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"boundary_ms": DAY_MS + 1}, "no zone has midnight there"),
        ({"scores": []}, 'score "churn", not announced'),
        ({"namespace": "No Name"}, "is not a namespace"),
    ],
)
def test_a_build_that_makes_no_sense_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        build(ANN, **change)


def test_values_that_cannot_be_are_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        build(ANN, ANN)
    with pytest.raises(InputError, match="days are 1"):
        build(ViewerFacts("u", days_by_column={ORDERS: {0: 1}}))
    with pytest.raises(InputError, match="is no string, number or bool"):
        build(ViewerFacts("u", traits={"list": [1]}))  # type: ignore[dict-item]


def rewritten(data: bytes, change: Callable[..., Any]) -> bytes:
    """The file with its table changed by hand."""
    with pa.ipc.open_file(io.BytesIO(data)) as reader:
        batches = [reader.get_batch(k) for k in range(reader.num_record_batches)]
        schema, batches = change(reader.schema, batches)
    stream = io.BytesIO()
    with pa.ipc.new_file(stream, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return stream.getvalue()


def test_files_that_are_no_facts_are_refused_with_the_reason() -> None:
    data = build(ANN, ViewerFacts("bob"))
    changes: dict[str, Callable[[], bytes]] = {
        "are not an Arrow file": lambda: b"not Arrow",
        "instead of 64": lambda: rewritten(data, lambda s, b: (s, b[:5])),
        "another range": lambda: rewritten(data, lambda s, b: (s, [*b[1:], b[0]])),
        'version is ""': lambda: rewritten(
            data,
            lambda s, b: (s.remove_metadata(), [x.replace_schema_metadata(None) for x in b]),
        ),
        '"hash" is missing': lambda: rewritten(
            data, lambda s, b: (s.remove(0), [x.drop_columns(["hash"]) for x in b])
        ),
    }
    for says, make in changes.items():
        with pytest.raises(InputError, match=says):
            Facts(make())


def test_every_midnight_lies_on_the_grid() -> None:
    for offset_minutes in (0, 60, 330, 345, 525, 765, -570):
        assert (DAY_MS - offset_minutes * 60_000) % GRID_MS == 0


def test_many_viewers_are_looked_up_by_the_column_as_one_by_one() -> None:
    rng = Random(3)
    days = {"count(liked)": {1: 2, 8: 3, 300: 1 << 40}, "sum(gift_sent.amount)": {2: 5}}
    known = [
        ViewerFacts(
            f"v{k}",
            last_seen=rng.choice((None, 7 * k)),
            traits=rng.choice(({}, {"level": 1}, {"level": "1", "city": "x"})),
            scores=rng.choice(({}, {"churn": 0.25}, {"churn": 0.75})),
            segments=frozenset(rng.choice(((), ("vip",)))),
            days_by_column={name: days[name] for name in days if rng.random() < 0.6},
        )
        for k in range(300)
    ]
    facts = Facts(
        facts_bytes(known, boundary_ms=0, columns=days, scores=["churn"], segments=["vip"])
    )
    asked = [f"v{k}" for k in range(0, 600, 2)]
    rng.shuffle(asked)
    seen = set()
    for found in facts.look_up(asked):
        scores = dict(zip(*(column.tolist() for column in found.score("churn")), strict=True))
        vips = set(found.segment("vip").tolist())
        levels, last = found.trait("level"), found.last_seen(-1).tolist()
        totals = {
            (name, span): found.total(name, span).tolist()
            for name in (*days, "count(shared)")
            for span in (1, 8, 366)
        }
        for k, place in enumerate(found.places.tolist()):
            one = facts.of(asked[place])
            assert one is not None
            assert scores.get(k) == one.scores.get("churn")
            assert (k in vips) == ("vip" in one.segments)
            assert levels.get(found.documents[k]) == one.traits.get("level")
            assert last[k] == (-1 if one.last_seen is None else one.last_seen)
            assert {at: of[k] for at, of in totals.items()} == {
                (name, span): one.total(name, span) for name, span in totals
            }
            seen.add(asked[place])
    assert seen == {name for name in asked if facts.of(name) is not None}
    assert len(seen) == 150
    assert list(facts.look_up([])) == []


@given(st.sets(names, max_size=30), st.sets(names, max_size=9), st.integers(1, 12))
def test_pages_of_any_size_name_everybody_once_though_others_come_between(
    there: set[str], late: set[str], size: int
) -> None:
    """The second build has more people: of those who are in both, everybody is named once."""
    builds = [Facts(build(*map(ViewerFacts, sorted(many)))) for many in (there, there | late)]
    assert list(builds[0].names()) == _paged([builds[0]], size)
    found = _paged(builds, size)
    assert len(found) == len(set(found))
    assert set(found) >= there


def _paged(builds: list[Facts], size: int) -> list[str]:
    """Page after page, of one build and then of the next."""
    found: list[str] = []
    place: tuple[int, int] | None = (0, -1)
    pages = 0
    while place is not None:
        page, place = builds[pages % len(builds)].names_after(place, size)
        assert len(page) <= size
        found, pages = found + page, pages + 1
    return found
