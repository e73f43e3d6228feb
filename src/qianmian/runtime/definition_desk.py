"""Edits of definitions: checked, kept with who and why, and brought to the engine through the log.

The store is what people decided; the log is what holds since when. `follow` brings the second to
the first, whoever changed the store: this desk, or a command beside the running server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from qianmian.errors import DefinitionError, InputError, InUse, NotThere, UnknownName
from qianmian.language.ast import InList, walk
from qianmian.language.definition import KINDS, Definition
from qianmian.language.settle import settled
from qianmian.language.values import check_name
from qianmian.runtime.definition_versions import (
    MAX_MEANING,
    MAX_TITLE,
    MAX_WHY,
    DefinitionVersions,
    Place,
    Version,
    active_definitions_of,
    users_by_place,
    version_of,
    written_definitions_of,
)
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.following import Following
from qianmian.runtime.live import Live

LANGUAGES: Final = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Entry:
    """A definition as the console lists it.

    Attributes:
        now: what holds; of a built-in one that nobody touched, without instants; None when it has
            never been active, or is retired.
        draft: what somebody is writing.
        history: the kept versions but the draft, newest first.
        used_by: active definitions that name it.
    """

    place: Place
    now: Version | None
    draft: Version | None
    is_built_in: bool
    history: tuple[Version, ...]
    used_by: tuple[Place, ...]


class DefinitionDesk(Following):
    """The definitions of one running server.

    Args:
        built_in: what holds where the store has nothing.
        check: refuses definitions that cannot hold beside each other; called on another thread, so
            that nobody who types makes the engine wait.
        watched: what the engine watches for strategies, given the active definitions.
        lists: the names of the lists that there are; called on another thread, too.
        zone: of the shop.

    Attributes:
        changing: held while definitions change; strategies, which name them, change under it, too.
    """

    def __init__(
        self,
        store: DefinitionVersions,
        deployment: Deployment,
        built_in: Sequence[Definition],
        check: Callable[[Sequence[Definition]], None],
        lists: Callable[[], Collection[str]] = tuple,
        *,
        zone: str = "",
        watched: Callable[[Sequence[Definition]], tuple[Definition, ...]] = lambda _: (),
    ) -> None:
        self._store = store
        self._together = check
        self._lists = lists
        self._zone = zone
        self._watched = watched
        self._deployment = deployment
        self._built_in = {(one.kind, one.key): one for one in built_in}
        self.changing = asyncio.Lock()
        self._number = -1

    # -- reading

    async def entries(self) -> list[Entry]:
        """Every definition that is built in or kept, by kind and key."""
        versions = await asyncio.to_thread(self._store.all)
        places = sorted(self._built_in.keys() | {one.place for one in versions})
        users = users_by_place(self._active(versions))
        return [self._entry(place, versions, users) for place in places]

    async def active(self) -> tuple[Definition, ...]:
        """The definitions that hold, as the database has them."""
        return self._active(await asyncio.to_thread(self._store.all))

    async def entry(self, kind: str, key: str) -> Entry:
        """One of them.

        Raises: UnknownName.
        """
        found = {one.place: one for one in await self.entries()}
        if (kind, key) not in found:
            raise UnknownName.of(kind, key, [name for what, name in found if what == kind])
        return found[kind, key]

    async def users_of_lists(self) -> dict[str, list[Place]]:
        """Which active definitions name each list."""
        active = await self.active()
        found: dict[str, list[Place]] = {}
        for one in active:
            for key in sorted(lists_of(one)):
                found.setdefault(key, []).append((one.kind, one.key))
        return found

    def _entry(
        self, place: Place, versions: Sequence[Version], users: Mapping[Place, Sequence[Place]]
    ) -> Entry:
        own = [one for one in versions if one.place == place]
        now = next((one for one in own if one.state == "active"), None)
        built_in = self._built_in.get(place)
        is_touched = any(one.state in ("active", "retired") for one in own)
        if now is None and built_in is not None and not is_touched:
            now = version_of(built_in)
        return Entry(
            place,
            now,
            next((one for one in own if one.state == "draft"), None),
            built_in is not None,
            tuple(one for one in reversed(own) if one.state != "draft"),
            tuple(users.get(place, ())),
        )

    def _active(self, versions: Sequence[Version]) -> tuple[Definition, ...]:
        return active_definitions_of(tuple(self._built_in.values()), versions, self._zone)

    def _written(self, versions: Sequence[Version]) -> tuple[Definition, ...]:
        return written_definitions_of(tuple(self._built_in.values()), versions)

    # -- changing

    async def check(self, definition: Definition) -> None:
        """Whether it could be active beside what is.

        Raises: DefinitionError that says why not.
        """
        versions = await asyncio.to_thread(self._store.all)
        await self._check(self._written(versions), definition)

    async def save_draft(
        self,
        kind: str,
        key: str,
        text: str,
        *,
        title: Mapping[str, str],
        meaning: Mapping[str, str],
        by: str,
    ) -> Version:
        """Keep what somebody is writing; it need not be right yet.

        Raises: InputError, DefinitionError for a name, title or text that cannot be kept.
        """
        draft = checked_words(Version(kind, key, 1, text, title=title, meaning=meaning, made_by=by))
        built_in = self._built_in.get(draft.place)
        first = 1 if built_in is None else built_in.version + 1
        return await asyncio.to_thread(self._store.save_draft, replace(draft, version=first))

    async def drop_draft(self, kind: str, key: str, *, by: str) -> bool:
        """Throw a draft away; whether there was one."""
        return await asyncio.to_thread(self._store.drop_draft, kind, key, by=by)

    async def activate(self, kind: str, key: str, *, by: str, why: str = "") -> Version:
        """The draft holds from now on.

        Raises: NotThere when there is none; DefinitionError when it cannot be used, and then
            nothing has changed.
        """
        async with self.changing:
            versions = await asyncio.to_thread(self._store.all)
            draft = _draft(versions, (kind, key))
            definition = draft.definition()
            await self._check(self._written(versions), definition)
            done = await asyncio.to_thread(
                self._store.activate, kind, key, by=by, why=_checked_why(why)
            )
            await self._bring()
            return done

    async def retire(self, kind: str, key: str, *, by: str, why: str = "") -> Version:
        """It holds no more.

        Raises: NotThere when it does not hold; InUse when others name it.
        """
        async with self.changing:
            entry = await self.entry(kind, key)
            if entry.now is None:
                raise NotThere(f'the {kind} "{key}" is not active')
            if entry.used_by:
                users = ", ".join(f'{what} "{name}"' for what, name in entry.used_by)
                raise InUse(f'the {kind} "{key}" is used by {users}; change these first')
            self._check_unwatched(kind, key, await self.active())
            done = await asyncio.to_thread(
                self._store.retire, entry.now, by=by, why=_checked_why(why)
            )
            await self._bring()
            return done

    async def roll_back(
        self, kind: str, key: str, version: int, *, by: str, why: str = ""
    ) -> Version:
        """A new version with the text of an old one holds from now on; a draft is replaced.

        Raises: NotThere when there is no such version; DefinitionError when it cannot be used
            any more, and then nothing has changed.
        """
        entry = await self.entry(kind, key)
        built_in = self._built_in.get((kind, key))
        known = {one.version: one for one in entry.history}
        if built_in is not None:
            known.setdefault(built_in.version, version_of(built_in))
        old = known.get(version)
        if old is None:
            raise NotThere(f'the {kind} "{key}" has no version {version}')
        await self.check(old.definition())
        await self.save_draft(kind, key, old.text, title=old.title, meaning=old.meaning, by=by)
        return await self.activate(kind, key, by=by, why=why or f"back to version {version}")

    # -- the engine

    async def follow(self) -> None:
        """Bring what the store says to the engine, if it has been changed since the last look."""
        number = await asyncio.to_thread(self._store.number)
        if number != self._number:
            async with self.changing:
                await self._bring()

    async def _bring(self) -> None:
        number = await asyncio.to_thread(self._store.number)
        active = await self.active()
        wanted = (*active, *self._watched(active))
        if wanted != await self._deployment.ask(_definitions):
            await self._deployment.change(wanted)
        self._number = number

    def _check_unwatched(self, kind: str, key: str, active: Sequence[Definition]) -> None:
        """Refuse to retire what a strategy waits for."""
        left = [one for one in active if (one.kind, one.key) != (kind, key)]
        try:
            self._watched(left)
        except DefinitionError as problem:
            raise InUse(f'a strategy needs the {kind} "{key}": {problem.message}') from problem

    async def _check(self, written: Sequence[Definition], new: Definition) -> None:
        for one in written:
            if one.key == new.key and one.kind != new.kind:
                raise InUse(f'the key "{new.key}" is that of a {one.kind}; choose another')
        if named_lists := lists_of(new):
            known = await asyncio.to_thread(self._lists)
            for key in sorted(named_lists.difference(known)):
                raise UnknownName.of("list", key, known)
        definitions = settled([*_without(written, new), new], self._zone)
        watched = self._watched(definitions)
        await asyncio.to_thread(self._together, [*definitions, *watched])


def checked_words(version: Version) -> Version:
    """Refuse names, titles and meanings that cannot be shown.

    Raises: InputError; DefinitionError for a key that is no name.
    """
    if version.kind not in KINDS:
        raise UnknownName.of("kind", version.kind, KINDS)
    check_name(version.key, f"the key of a {version.kind}")
    for name, texts, most in (
        ("title", version.title, MAX_TITLE),
        ("meaning", version.meaning, MAX_MEANING),
    ):
        for language, text in texts.items():
            if language not in LANGUAGES:
                raise UnknownName.of(f"language of the {name}", language, LANGUAGES)
            _check_words(name, text, most)
    return version


def lists_of(definition: Definition) -> set[str]:
    """The lists that a definition names itself."""
    return {part.key for part in walk(definition.expr) if isinstance(part, InList)}


def _checked_why(text: str) -> str:
    _check_words("reason", text, MAX_WHY)
    return text


def _check_words(name: str, text: str, most: int) -> None:
    if len(text) > most:
        raise InputError(f"the {name} has {len(text)} characters; at most {most} are shown")
    if not text.isprintable():
        raise InputError(f"the {name} holds a character that cannot be shown; remove it")


def _without(definitions: Sequence[Definition], one: Definition) -> list[Definition]:
    return [other for other in definitions if (other.kind, other.key) != (one.kind, one.key)]


def _draft(versions: Sequence[Version], place: Place) -> Version:
    for one in versions:
        if one.place == place and one.state == "draft":
            return one
    raise NotThere(f'the {place[0]} "{place[1]}" has no draft; save one first')


def _definitions(live: Live) -> tuple[Definition, ...]:
    return tuple(live.definitions)
