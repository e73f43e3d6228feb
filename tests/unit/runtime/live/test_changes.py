"""Definitions, products and facts that change while a deployment runs, and a restart anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from qianmian.bootstrap import Cores, lingering_of_moments
from qianmian.columns.batch import EventBatch
from qianmian.columns.facts import Facts, ViewerFacts, facts_bytes
from qianmian.errors import DefinitionError, InputError
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.runtime.deployment import Deployment, Hooks
from qianmian.runtime.fact_files import read_facts, write_facts
from qianmian.runtime.live import Live
from qianmian.runtime.messages import Backfilled, DefinitionsChanged
from qianmian.vocabulary.firing import Firing
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.time import DAY_MS
from tests.fakes.memory_log import MemoryLog, MemorySnapshots
from tests.room_story import START, event

LOOKS = parse_definition("looks", "count(product_viewed) within 10m >= 3", "moment")
PAID = parse_definition("paid", "order_paid", "moment")
OLD = (PAID,)
NEW = (PAID, LOOKS)
KINDS = parse_definition(
    "kinds", "distinct(product_viewed.product) within 10m >= 2 same category", "moment"
)


class Story:
    """A deployment over a log in memory, with a clock that is set by hand."""

    def __init__(self, definitions: Sequence[Definition], folder: Path | None = None) -> None:
        self.log, self.snapshots = MemoryLog(), MemorySnapshots()
        self.firings: list[Firing] = []
        self.clock = START
        self.folder = folder
        self.live = self.fresh()
        self.deployment = Deployment(self.log, self.snapshots, self.live, now=lambda: self.clock)
        self.deployment.recover(definitions)
        self.deployment.start(Hooks(on_firings=self.firings.extend))
        self._number = 0

    def fresh(self) -> Live:
        return Live(Cores(), lingering_of_moments, self._facts)

    def _facts(self, digest: str) -> Facts:
        assert self.folder is not None
        return read_facts(self.folder, digest)

    async def at(
        self, seconds: int, *rows: tuple[str, str] | tuple[str, str, dict[str, Any]]
    ) -> None:
        """These (type, viewer, fields) happen at this second."""
        self.clock = START + seconds * 1_000
        told = []
        for kind, viewer, *more in rows:
            self._number += 1
            fields = {"product": "p1", "message_id": f"m{self._number}", "message": 0}
            told.append(event(seconds * 1_000, kind, viewer, **(fields | dict(*more))))
        await self.deployment.submit(EventBatch.from_rows(told))

    def stop(self) -> None:
        self.deployment.stop()

    def check_restarts(self) -> None:
        """Whoever starts again from a snapshot of any offset comes to the same firings."""
        walker = self.fresh()
        walker.log = self.log
        before: list[str] = []
        for message in self.log.read(0):
            kept = walker.snapshot()
            if kept is not None:
                self.check_restart(before, kept)
            before += [one.id for one in walker.apply(message).firings]
        assert before == [one.id for one in self.firings]

    def check_restart(self, before: Sequence[str], kept: Any) -> None:
        snapshots = MemorySnapshots()
        snapshots.save(kept)
        after: list[str] = []
        again = self.fresh()
        again.recover(
            self.log,
            snapshots,
            tell=lambda _, applied: after.extend(one.id for one in applied.firings),
        )
        assert [*before, *after] == [one.id for one in self.firings], kept.offset
        assert again.definitions == self.live.definitions
        assert again.products == self.live.products
        assert again.facts_hash == self.live.facts_hash


VIEW = "product_viewed"


def test_a_new_definition_counts_from_the_last_two_minutes() -> None:
    story = Story(OLD)

    async def tell() -> None:
        await story.at(0, (VIEW, "v1"), (VIEW, "v2"))
        await story.at(130, (VIEW, "v1"), (VIEW, "v2"))
        await story.at(180, (VIEW, "v1"), (VIEW, "v3"), (VIEW, "v3"), (VIEW, "v3"))
        story.clock = START + 200_000
        begins = await story.deployment.change(NEW)
        assert begins == START + 200_000
        assert story.firings == [], "nothing fires from a change"
        await story.at(210, (VIEW, "v1"), (VIEW, "v2"), (VIEW, "v3"))

    asyncio.run(tell())
    story.stop()
    fired = {one.viewer for one in story.firings if one.moment == "looks"}
    assert fired == {"v1"}, "v2 has two in what was read; v3 was already there"
    assert any(isinstance(one.body, Backfilled) for one in story.log.read(0))
    story.check_restarts()


def test_duplicates_and_late_events_do_not_count_when_they_are_read_again() -> None:
    story = Story(OLD)

    async def tell() -> None:
        await story.at(100, (VIEW, "v1", {"message_id": "same"}))
        await story.at(101, (VIEW, "v1", {"message_id": "same"}))
        late = {"event_time": START + 60_000}
        await story.at(102, (VIEW, "v1", late), (VIEW, "v2"), (VIEW, "v2"))
        await story.deployment.change(NEW)
        await story.at(110, (VIEW, "v1"), (VIEW, "v2"))

    asyncio.run(tell())
    story.stop()
    assert [one.viewer for one in story.firings] == ["v2"]
    story.check_restarts()


def test_definitions_that_cannot_be_used_change_nothing() -> None:
    story = Story(OLD)
    unknown = parse_definition("unknown", "tag.nobody_made_it", "tag")

    async def tell() -> None:
        await story.at(0, (VIEW, "v1"))
        before = story.log.next_offset
        with pytest.raises(DefinitionError, match="nobody_made_it"):
            await story.deployment.change((*OLD, unknown))
        with pytest.raises(InputError):
            await story.deployment.know("0" * 64)
        bodies = [type(one.body).__name__ for one in story.log.read(before)]
        assert set(bodies) <= {"Tick"}

    story.folder = Path("nowhere")
    asyncio.run(tell())
    story.stop()
    assert story.live.definitions == OLD


def test_products_get_their_category_from_the_catalog_of_the_moment() -> None:
    story = Story((KINDS,))
    beauty = [Product("p1", category=("beauty",)), Product("p2", category=("beauty",))]
    other = [Product("p1", category=("beauty",)), Product("p2", category=("food",))]

    async def tell() -> None:
        await story.at(0, (VIEW, "v1"), (VIEW, "v1", {"product": "p2"}))
        await story.deployment.stock(beauty)
        await story.at(1, (VIEW, "v2"), (VIEW, "v2", {"product": "p2"}))
        await story.deployment.stock(other)
        await story.at(2, (VIEW, "v3"), (VIEW, "v3", {"product": "p2"}))

    asyncio.run(tell())
    story.stop()
    assert [one.viewer for one in story.firings] == ["v2"]
    story.check_restarts()


def test_facts_are_known_from_their_message_on(tmp_path: Path) -> None:
    rich = parse_definition("rich", "order_paid and trait.level == gold", "moment")
    story = Story((rich,), tmp_path)
    facts = facts_bytes(
        [ViewerFacts("v1", traits={"level": "gold"})], boundary_ms=START - START % DAY_MS
    )
    name = write_facts(tmp_path, facts).stem.removeprefix("facts-")

    async def tell() -> None:
        await story.at(0, ("order_paid", "v1"), ("order_paid", "v2"))
        await story.deployment.know(name)
        await story.at(1, ("order_paid", "v1"), ("order_paid", "v2"))

    asyncio.run(tell())
    story.stop()
    assert [(one.viewer, one.at) for one in story.firings] == [("v1", START + 1_000)]
    story.check_restarts()


def test_what_could_not_be_applied_never_reaches_the_log(tmp_path: Path) -> None:
    story = Story(OLD, tmp_path)
    day = START - START % DAY_MS

    def build(boundary_ms: int, namespace: str = "default") -> str:
        data = facts_bytes([ViewerFacts("v1")], boundary_ms=boundary_ms, namespace=namespace)
        return write_facts(tmp_path, data).stem.removeprefix("facts-")

    async def tell() -> None:
        await story.at(0, (VIEW, "v1"))
        await story.deployment.know(build(day))
        before = story.log.next_offset
        for name in (build(day - DAY_MS), build(day + DAY_MS), build(day, "other")):
            with pytest.raises(InputError):
                await story.deployment.know(name)
        with pytest.raises(InputError, match="two products"):
            await story.deployment.stock([Product("p1"), Product("p1")])
        bodies = {type(one.body).__name__ for one in story.log.read(before)}
        assert bodies <= {"Tick"}
        await story.at(1, (VIEW, "v1"))

    asyncio.run(tell())
    assert story.deployment.problem is None
    story.stop()
    story.check_restarts()


def test_a_range_that_is_no_longer_known_is_cut_and_not_refused() -> None:
    story = Story(OLD)

    async def tell() -> None:
        await story.at(0, (VIEW, "v1"))
        await story.at(300, (VIEW, "v1"), (VIEW, "v2"), (VIEW, "v2"))
        await story.deployment.ask(lambda live: live.prepare(NEW))
        await asyncio.wrap_future(story.deployment.gateway.post(DefinitionsChanged(NEW)))
        long_ago = Backfilled(START, 0, story.log.next_offset - 1)
        await asyncio.wrap_future(story.deployment.gateway.post(long_ago))
        await story.at(301, (VIEW, "v1"), (VIEW, "v2"))

    asyncio.run(tell())
    assert story.deployment.problem is None
    story.stop()
    assert [one.viewer for one in story.firings] == ["v2"]
    story.check_restarts()


def test_two_changes_at_once_come_one_after_the_other() -> None:
    story = Story(OLD)

    async def tell() -> None:
        await story.at(0, (VIEW, "v1"))
        await asyncio.gather(*(story.deployment.change(one) for one in (NEW, OLD, NEW)))

    asyncio.run(tell())
    story.stop()
    assert story.live.definitions == NEW
    story.check_restarts()
