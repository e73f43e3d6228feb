"""What the routes of one server work with: made by bootstrap, handed to every application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from qianmian.runtime.dead_letters import DeadLetters
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.ports import Log
from qianmian.runtime.sources import Sources
from qianmian.server.hub import Hub
from qianmian.server.ingest.decoding import RejectedEvent
from qianmian.server.ingest.statistics import SourceStatistics
from qianmian.vocabulary.events import Sender


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: str
    name: str
    role: str


class Accounts(Protocol):
    """Accounts and sign-in sessions. Calls block: they are made on a worker thread."""

    def is_empty(self) -> bool:
        """Whether nobody has an account yet."""

    def by_session(self, token: str) -> Account | None:
        """Who has this session; None when it is not valid now."""

    def sign_in(self, name: str, password: str) -> str | None:
        """A new session; None when name and password do not fit."""

    def sign_out(self, token: str) -> None:
        """End a session."""

    def create_first(self, token: str, name: str, password: str) -> str | None:
        """The first account by its one-time token, and a session; None when it does not fit."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A write key, without the key. Units: instants in ms UTC."""

    id: str
    prefix: str
    created_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A source with its keys."""

    name: str
    key_class: Sender
    namespace: str
    default_room: str | None
    created_at: int
    keys: tuple[KeyRecord, ...]


class SourceBook(Sources, Protocol):
    """Sources that can be listed and changed. Calls that change block."""

    def all(self) -> Sequence[SourceRecord]:
        """Every source, by name."""

    def add(self, name: str, key_class: str, *, default_room: str | None, presence: bool) -> str:
        """A new source with its first key; the key.

        Raises: InputError when the name is taken.
        """

    def add_key(self, name: str) -> tuple[str, str]:
        """One more key of a source: (id, key).

        Raises: UnknownName.
        """

    def revoke(self, name: str, key_id: str) -> bool:
        """A key is not valid any more; whether there was one."""


class Ingest(Protocol):
    """What the pages of data ask of ingest."""

    def statistics(self) -> list[SourceStatistics]:
        """What each source sent since the start."""

    async def replay(self, letter_id: int) -> tuple[int, list[RejectedEvent]] | None:
        """Send a dead letter once more: how many events were accepted, and the others."""


@dataclass(frozen=True, slots=True)
class Site:
    """One server.

    Attributes:
        zone, currency: of the shop.
        now: ms UTC.
        fired: firings by moment since the start of the process.
    """

    deployment: Deployment
    log: Log
    hub: Hub
    accounts: Accounts
    sources: SourceBook
    dead_letters: DeadLetters
    ingest: Ingest
    now: Callable[[], int]
    version: str
    fired: Counter[str] = field(default_factory=Counter)
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    lateness_ms: int = 5_000
