"""The core as its callers see it: hostile input, bounds, snapshots, changes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

from qianmian.columns.batch import EventBatch
from qianmian.engine.core import Core
from qianmian.errors import LimitExceeded, SnapshotProblem, TypeProblem, UnknownName
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition

THREE = parse_definition("three", "count(product_clicked) within 60s >= 3")
HESITATION = parse_definition(
    "hesitation", "product_viewed for 2m without order_paid on same product"
)


def event(clock: int, kind: str, viewer: str = "u", **fields: object) -> dict[str, object]:
    return {"clock": clock, "type": kind, "viewer": viewer, "room": "r", **fields}


def batch(*rows: dict[str, object]) -> EventBatch:
    return EventBatch.from_rows(rows)


def test_an_empty_batch_changes_nothing() -> None:
    core = Core([THREE])
    assert core.run(batch()) == []
    assert core.advance(1_000) == []
    assert core.statistics().accepted == 0


def test_a_viewer_with_a_hundred_thousand_events_keeps_a_bounded_row() -> None:
    core = Core([THREE, HESITATION], presence=False)
    n = 100_000
    rows = [event(t, "product_clicked", product=f"p{t % 7}") for t in range(n)]
    core.run(batch(*rows))
    statistics = core.statistics()
    assert statistics.accepted == n
    assert statistics.rows == 1
    assert len(core.shards[0].state.AR) < 50_000


def test_a_million_products_are_a_million_names_and_nothing_else() -> None:
    core = Core([parse_definition("many", "distinct(product_viewed.product) within 60s >= 64")])
    n = 1_000_000
    clock = np.arange(n, dtype=np.int64) // 1_000
    view = EventBatch.from_rows([event(0, "product_viewed", product="p")])
    codes = np.arange(n, dtype=np.int32)
    columns = {
        "viewer": type(view.strings["viewer"])(np.zeros(n, np.int32), ["u"]),
        "room": type(view.strings["room"])(np.zeros(n, np.int32), ["r"]),
        "product": type(view.strings["product"])(codes, [f"p{k}" for k in range(n)]),
    }
    kinds = np.full(n, view.type[0], np.uint8)
    fired = core.run(EventBatch(clock, clock, kinds, columns))
    assert [firing.at for firing in fired] == [0]
    assert len(core.names.products) == n
    assert len(core.shards[0].state.AR) < 50_000


def test_ten_thousand_definitions_are_refused_with_a_clear_message() -> None:
    many = [Definition(f"d{k}", "moment", THREE.expr) for k in range(10_000)]
    with pytest.raises(LimitExceeded, match="10000 definitions are more than"):
        Core(many)


def test_a_circle_of_tags_is_refused_with_its_path() -> None:
    tags = [
        parse_definition("a", "tag.b and tag.a", kind="tag"),
        parse_definition("b", "not tag.a", kind="tag"),
    ]
    with pytest.raises(TypeProblem, match="a -> b -> a"):
        Core(tags)


def test_an_unknown_tag_is_named_with_what_was_meant() -> None:
    known = parse_definition("price_sensitive", "trait.level >= 2", kind="tag")
    with pytest.raises(UnknownName, match='Did you mean "price_sensitive"'):
        Core([known, parse_definition("m", "liked and tag.price_sensitiv")])


def test_a_row_without_viewer_is_refused_and_the_rest_goes_on() -> None:
    core = Core([THREE])
    rows = [event(t, "product_clicked") for t in (0, 1, 2)]
    nobody = {"clock": 1, "type": "product_clicked", "room": "r"}
    fired = core.run(batch(rows[0], rows[1], nobody, rows[2]))
    assert [firing.moment for firing in fired] == ["three"]
    assert core.outcomes.tolist() == [0, 0, 3, 0]
    assert core.statistics().refused == 1


def test_huge_amounts_sum_exactly() -> None:
    huge = 1 << 53
    core = Core([parse_definition("rich", f"sum(order_paid.amount) this session > ¥{huge // 100}")])
    fired = core.run(
        batch(
            event(0, "order_paid", amount=huge // 100 * 100, order_id="a"),
            event(1, "order_paid", amount=1, order_id="b"),
        )
    )
    assert [firing.at for firing in fired] == [1]


def test_what_is_not_a_snapshot_is_refused() -> None:
    with pytest.raises(SnapshotProblem, match="not a snapshot"):
        Core.restore(b"not a snapshot at all")


def test_a_snapshot_keeps_everything_and_reads_back_equal() -> None:
    core = Core([THREE, HESITATION], presence=False, shards=3)
    core.run(batch(*(event(t, "product_viewed", f"v{t % 5}", product="p") for t in range(50))))
    again = Core.restore(core.snapshot())
    assert again.statistics() == core.statistics()
    assert again.finish(200_000) == core.finish(200_000) != []


def test_a_snapshot_whose_bits_mean_something_else_is_refused() -> None:
    """Slots and words may be the same although another compiler asks other questions of them."""
    core, other = (
        Core([parse_definition("m", f"liked and {state}")])
        for state in ("score.churn >= 0.5", "in room for 5s")
    )
    arrays, theirs = (
        dict(np.load(io.BytesIO(one.snapshot()), allow_pickle=False)) for one in (core, other)
    )
    document, wanted = (json.loads(one["document"].tobytes()) for one in (arrays, theirs))
    document["definitions"] = wanted["definitions"]
    arrays["document"] = np.frombuffer(json.dumps(document).encode(), np.uint8)
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    with pytest.raises(SnapshotProblem, match="another version of the compiler"):
        Core.restore(stream.getvalue())


def test_a_change_that_cannot_be_compiled_changes_nothing() -> None:
    core = Core([THREE])
    core.run(batch(event(0, "product_clicked"), event(1, "product_clicked")))
    with pytest.raises(UnknownName):
        core.change([THREE, parse_definition("m", "liked and tag.nobody")], 2)
    fired = core.run(batch(event(3, "product_clicked")))
    assert [firing.moment for firing in fired] == ["three"]


def test_a_new_definition_leaves_the_others_undisturbed() -> None:
    core = Core([THREE])
    core.run(batch(event(0, "product_clicked"), event(1, "product_clicked")))
    core.change([THREE, HESITATION], 2)
    fired = core.run(batch(event(3, "product_clicked"), event(4, "product_viewed", product="p")))
    assert [firing.moment for firing in fired] == ["three"]


def test_a_shorter_time_supersedes_what_is_past_it_without_a_burst() -> None:
    core = Core([HESITATION], presence=False)
    core.run(batch(event(0, "product_viewed", product="p")))
    short = parse_definition(
        "hesitation", "product_viewed for 30s without order_paid on same product"
    )
    assert core.change([short], 60_000) == []
    assert core.finish(300_000) == []
    assert core.statistics().superseded == 1


def test_what_waits_for_a_definition_that_stays_as_it_is_is_not_superseded() -> None:
    core = Core([HESITATION], presence=False)
    core.run(batch(event(0, "product_viewed", product="p")))
    fired = core.advance(121_000)
    assert [firing.at for firing in fired] == [120_000]
    core.change([HESITATION, THREE], 122_000)  # the instance is kept to notice contradictions
    assert core.statistics().superseded == 0


def test_each_definition_whose_time_changed_counts_what_it_leaves_behind() -> None:
    text = "product_viewed for {} without order_paid on same product"
    two = [parse_definition(key, text.format("120s")) for key in ("one", "two")]
    core = Core([HESITATION, *two], presence=False)
    core.run(batch(event(0, "product_viewed", product="p")))
    core.change(
        [HESITATION, *(parse_definition(key, text.format("30s")) for key in ("one", "two"))], 60_000
    )
    assert core.statistics().superseded == 2
    assert [firing.moment for firing in core.finish(300_000)] == ["hesitation"]


def test_a_session_of_a_month_keeps_exact_time() -> None:
    """Times in rows are 32 bits wide; their zero moves along."""
    day = 86_400_000
    core = Core([HESITATION], presence=False, session_timeout=False)
    rows = [event(k * day, "product_viewed", f"v{k}", product="p") for k in range(60)]
    fired = core.run(batch(*rows)) + core.finish(61 * day)
    assert [firing.at for firing in fired] == [k * day + 120_000 for k in range(60)]


def test_one_call_and_a_call_per_message_agree_over_a_month() -> None:
    day = 86_400_000
    rows = [
        event(k * day // 4, "product_viewed", f"v{k % 3}", product=f"p{k % 5}") for k in range(120)
    ]
    definitions = [
        HESITATION,
        parse_definition("busy", "count(product_viewed) within 6d >= 8 again after 1d"),
    ]
    whole = Core(definitions, presence=False, session_timeout=False)
    once = whole.run(batch(*rows)) + whole.finish(31 * day)
    steps = Core(definitions, presence=False, session_timeout=False)
    often = [firing for row in rows for firing in steps.run(batch(row))] + steps.finish(31 * day)
    assert sorted(f.id for f in once) == sorted(f.id for f in often)
    assert {f.moment for f in once} == {"hesitation", "busy"}


def test_statistics_are_plain_numbers() -> None:
    core = Core([THREE])
    core.run(batch(event(0, "product_clicked")))
    numbers = {name: getattr(core.statistics(), name) for name in core.statistics().__slots__}
    assert json.loads(json.dumps(numbers)) == numbers


def test_expected_viewers_come_without_growing_and_fire_the_same() -> None:
    """Nothing is moved to larger memory while they come, also after a restart."""
    rows = [event(t, "product_clicked", f"v{t % 1_000}", product="p") for t in range(4_000)]
    plain = Core([THREE, HESITATION], shards=2)
    wanted = plain.run(batch(*rows)) + plain.finish(300_000)
    core = Core([THREE, HESITATION], shards=2, viewers=1_200)
    fired = list(core.run(batch(*rows[:100])))
    sizes = [(len(s.state.I), len(s.state.AR), len(s.state.PEOPLE)) for s in core.shards]
    assert all(rows >= 600 for rows, _, _ in sizes)
    fired += core.run(batch(*rows[100:]))
    assert [(len(s.state.I), len(s.state.AR), len(s.state.PEOPLE)) for s in core.shards] == sizes
    again = Core.restore(core.snapshot())
    assert again.settings == core.settings
    assert [len(s.state.I) for s in again.shards] == [size for size, _, _ in sizes]
    assert fired + again.finish(300_000) == wanted != []


def test_idle_on_a_page_and_a_count_share_no_answer_whatever_their_numbers() -> None:
    """Kind 7 of an atom, slot 7 of a count: the two questions were once taken for one."""
    others = ["shared", "followed", "gift_sent", "cart_added", "cart_removed", "product_clicked"]
    texts = [f"count({others[0]}) within 9s >= 1", "idle for 1s on product page"]
    texts += [f"count({name}) within 9s >= 1" for name in others[1:]]
    texts.append("count(liked) within 1s >= 1")
    core = Core([parse_definition(f"m{number}", text) for number, text in enumerate(texts)])
    assert [one.moment for one in core.run(batch(event(1_000, "liked")))] == ["m7"]
