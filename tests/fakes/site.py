"""Accounts, sources and letters in memory, for servers in tests."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from qianmian.errors import InputError, UnknownName
from qianmian.runtime.dead_letters import DeadLetter
from qianmian.runtime.sources import Source
from qianmian.server.site import Account, KeyRecord, SourceRecord


class MemoryAccounts:
    """One account at most; the one-time token is `first`."""

    def __init__(self) -> None:
        self._passwords: dict[str, str] = {}
        self._sessions: dict[str, Account] = {}

    def is_empty(self) -> bool:
        return not self._passwords

    def by_session(self, token: str) -> Account | None:
        return self._sessions.get(token)

    def sign_in(self, name: str, password: str) -> str | None:
        if self._passwords.get(name) != password:
            return None
        token = secrets.token_hex(8)
        self._sessions[token] = Account(name, name, "owner")
        return token

    def sign_out(self, token: str) -> None:
        self._sessions.pop(token, None)

    def create_first(self, token: str, name: str, password: str) -> str | None:
        if token != "first" or self._passwords:
            return None
        self._passwords[name] = password
        return self.sign_in(name, password)


class MemorySources:
    """Sources whose keys are readable, `<name>-<n>`."""

    def __init__(self) -> None:
        self._records: dict[str, SourceRecord] = {}
        self._sources: dict[str, Source] = {}
        self._keys: dict[str, tuple[str, str]] = {}

    def by_key(self, write_key: str) -> Source | None:
        name, key_id = self._keys.get(write_key, ("", ""))
        return replace(self._sources[name], key_id=key_id) if name else None

    def by_name(self, name: str) -> Source | None:
        return self._sources.get(name)

    def all(self) -> Sequence[SourceRecord]:
        return [self._records[name] for name in sorted(self._records)]

    def add(self, name: str, key_class: str, *, default_room: str | None, presence: bool) -> str:
        if name in self._records:
            raise InputError(f'there is a source "{name}" already')
        source = Source(name, key_class, default_room=default_room, presence=presence)  # type: ignore[arg-type]
        self._sources[name] = source
        self._records[name] = SourceRecord(name, source.key_class, "default", default_room, 0, ())
        return self.add_key(name)[1]

    def add_key(self, name: str) -> tuple[str, str]:
        if name not in self._records:
            raise UnknownName.of("source", name, self._records)
        record = self._records[name]
        key_id = str(len(record.keys) + 1)
        key = f"{name}-{key_id}"
        self._keys[key] = (name, key_id)
        self._records[name] = replace(record, keys=(*record.keys, KeyRecord(key_id, key, 0, None)))
        return key_id, key

    def revoke(self, name: str, key_id: str) -> bool:
        return self._keys.pop(f"{name}-{key_id}", None) is not None


class MemoryLetters:
    """Keeps letters for good."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            self.letters.append(replace(letter, id=len(self.letters) + 1))

    def newest(self, *, before: int | None = None, limit: int = 50) -> list[DeadLetter]:
        found = [one for one in self.letters if before is None or one.id < before]
        return found[::-1][:limit]

    def get(self, letter_id: int) -> DeadLetter | None:
        return next((one for one in self.letters if one.id == letter_id), None)

    def replace(self, letter_id: int, letter: DeadLetter) -> bool:
        found = self.get(letter_id)
        if found is not None:
            self.letters[self.letters.index(found)] = replace(letter, id=letter_id)
        return found is not None

    def remove(self, letter_id: int) -> bool:
        found = self.get(letter_id)
        if found is not None:
            self.letters.remove(found)
        return found is not None

    def forget(self, ids: Sequence[str]) -> int:
        return 0

    def count(self) -> int:
        return len(self.letters)
