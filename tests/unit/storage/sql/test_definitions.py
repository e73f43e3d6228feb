"""Versions of definitions: one draft, one active, and a past that does not change."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from qianmian.bootstrap import active_definitions
from qianmian.errors import NotThere, UnknownName
from qianmian.runtime.definition_versions import (
    Version,
    active_definitions_of,
    drafts_of,
    file_of,
    left_out,
    with_taken,
)
from qianmian.runtime.definitions import DefinitionFile, Written, read_definitions, written_yaml
from qianmian.storage.sql.audit import AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.definitions import DefinitionStore
from tests.fakes.clock import FakeClock
from tests.tables import database_in

BUILT_IN = tuple(active_definitions())
KINDS = st.sampled_from(["tag", "moment"])
KEYS = st.sampled_from(["a", "b", BUILT_IN[0].key])
TEXTS = st.sampled_from(["order_paid", "cart_added", "count(liked) within 5m >= 3"])


@pytest.fixture
def store(database: Database) -> DefinitionStore:
    return DefinitionStore(database, FakeClock())


class Versions(RuleBasedStateMachine):
    """Whatever people do, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.database = database_in(Path(self.folder.name) / "qianmian.db")
        self.store = DefinitionStore(self.database, FakeClock())
        self.past: dict[tuple[str, str, int], str] = {}
        self.drafts: dict[tuple[str, str], str] = {}
        self.active: dict[tuple[str, str], str] = {}
        self.number = 0

    @rule(kind=KINDS, key=KEYS, text=TEXTS)
    def save(self, kind: str, key: str, text: str) -> None:
        saved = self.store.save_draft(Version(kind, key, 1, text, made_by="me"))
        self.drafts[saved.place] = text

    @rule(kind=KINDS, key=KEYS)
    def drop(self, kind: str, key: str) -> None:
        assert self.store.drop_draft(kind, key, by="x") == (
            self.drafts.pop((kind, key), None) is not None
        )

    @rule(kind=KINDS, key=KEYS)
    def activate(self, kind: str, key: str) -> None:
        if (kind, key) not in self.drafts:
            with pytest.raises(NotThere, match="no draft"):
                self.store.activate(kind, key, by="me", why="")
            return
        done = self.store.activate(kind, key, by="me", why="because")
        assert (done.state, done.why) == ("active", "because")
        self.active[done.place] = self.drafts.pop(done.place)

    @rule(kind=KINDS, key=KEYS)
    def retire(self, kind: str, key: str) -> None:
        active = [one for one in self.store.all() if one.place == (kind, key)]
        now = [one for one in active if one.state == "active"]
        if now:
            assert self.store.retire(now[0], by="me", why="").state == "retired"
            del self.active[kind, key]

    @rule(keys=st.sets(st.tuples(KINDS, KEYS), min_size=1), text=TEXTS)
    def take(self, keys: set[tuple[str, str]], text: str) -> None:
        taken = self.store.take(
            [Version(kind, key, 1, text) for kind, key in sorted(keys)], [], by="me", why="file"
        )
        same = {place for place in keys if self.active.get(place) == text}
        assert {one.place for one in taken} == keys - same
        for place in keys - same:
            self.active[place] = text
            self.drafts.pop(place, None)

    @invariant()
    def is_as_remembered(self) -> None:
        kept = self.store.all()
        for state, known in (("draft", self.drafts), ("active", self.active)):
            found = [one for one in kept if one.state == state]
            assert {one.place: one.text for one in found} == known
            assert len(found) == len(known)
        for one in kept:
            if one.state != "draft":
                place = (*one.place, one.version)
                assert self.past.setdefault(place, one.text) == one.text, "a version never changes"
        assert self.past.keys() <= {(*one.place, one.version) for one in kept}

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()


TestVersions = Versions.TestCase


def test_a_change_is_noticed_by_others(database: Database, store: DefinitionStore) -> None:
    other = DefinitionStore(database, FakeClock())
    before = other.number()
    store.save_draft(Version("tag", "a", 1, "order_paid"))
    assert other.number() > before


def test_a_built_in_definition_goes_by_what_the_shop_made_of_it(store: DefinitionStore) -> None:
    key = BUILT_IN[0].key
    assert active_definitions_of(BUILT_IN, store.all()) == BUILT_IN
    store.save_draft(Version("moment", key, 2, "order_paid"))
    assert active_definitions_of(BUILT_IN, store.all()) == BUILT_IN, "a draft does not hold"
    store.activate("moment", key, by="me", why="")
    changed = active_definitions_of(BUILT_IN, store.all())
    assert [one.key for one in changed] == [one.key for one in BUILT_IN], "in its place"
    assert changed[0].version == 2
    store.retire(next(one for one in store.all() if one.state == "active"), by="me", why="")
    assert [one.key for one in active_definitions_of(BUILT_IN, store.all())] == [
        one.key for one in BUILT_IN[1:]
    ]


def test_a_built_in_definition_can_be_retired_untouched(store: DefinitionStore) -> None:
    first = DefinitionFile(builtin=True, without=[BUILT_IN[0].key])
    store.take([], left_out(first, BUILT_IN), by="me", why="")
    assert active_definitions_of(BUILT_IN, store.all()) == BUILT_IN[1:]
    assert file_of(BUILT_IN, store.all()) == first
    with pytest.raises(UnknownName, match="nothing_like_it"):
        left_out(DefinitionFile(without=["nothing_like_it"]), BUILT_IN)


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)
AWKWARD = st.sampled_from(
    ["21:00", "no", "1.10", "~", "null", "- a", "# b", "a: b", "'", '"', "0x1"]
)
TITLES = st.dictionaries(st.sampled_from(["zh", "en"]), WORDS | AWKWARD)


@given(
    st.lists(
        st.builds(
            Written,
            key=st.sampled_from(["no", "夜猫子", "yes", "on", "null", "b_1"]),
            text=st.sampled_from(
                [
                    'comment_sent where text contains "21:00"',
                    'trait.版本 == "1.10"',
                    "trait.a == no1",
                ]
            ),
            kind=st.just("segment"),
            title=TITLES,
            meaning=TITLES,
        ),
        unique_by=lambda one: one.key,
    )
)
def test_what_is_exported_and_imported_is_the_same(written: list[Written]) -> None:
    file = DefinitionFile(builtin=True, definitions=sorted(written, key=lambda one: one.key))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shop.yaml"
        path.write_text(written_yaml(file), encoding="utf-8")
        assert read_definitions(path) == file
        database = database_in(Path(folder) / "qianmian.db")
        store = DefinitionStore(database, FakeClock())
        drafts = drafts_of(read_definitions(path), by="me")
        store.take(drafts, [], by="me", why="")
        again = file_of(BUILT_IN, store.all())
        assert written_yaml(again) == written_yaml(file)
        assert store.take(drafts, [], by="me", why="") == [], "nothing new"
        assert texts(with_taken([], drafts, [])) == texts(store.all())
        database.close()


def texts(versions: list[Version]) -> dict[Any, str]:
    return {one.place: one.text for one in versions if one.state == "active"}


def test_what_comes_into_force_and_what_leaves_it_is_in_the_audit(
    database: Database, store: DefinitionStore
) -> None:
    draft = Version("tag", "a", 1, "order_paid", made_by="小王")
    store.save_draft(draft)
    assert store.drop_draft("tag", "a", by="小张")
    assert not store.drop_draft("tag", "a", by="小张")
    store.save_draft(draft)
    store.save_draft(draft)  # while somebody types; it is no news
    active = store.activate("tag", "a", by="小李", why="新标签")
    store.retire(active, by="小李", why="没有用了")
    with pytest.raises(NotThere):
        store.activate("tag", "b", by="小李", why="")
    rows = AuditTrail(database, FakeClock()).read()
    told = [(one.action, one.subject, one.actor.name, one.reason) for one in reversed(rows)]
    assert told == [
        ("definition.drafted", "tag a", "小王", ""),
        ("definition.dropped", "tag a", "小张", ""),
        ("definition.drafted", "tag a", "小王", ""),
        ("definition.activated", "tag a", "小李", "新标签"),
        ("definition.retired", "tag a", "小李", "没有用了"),
    ]
    assert rows[-1].after == {"version": 1, "text": "order_paid"}
