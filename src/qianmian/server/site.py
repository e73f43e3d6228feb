"""What the routes of one server work with: made by bootstrap, handed to every application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from qianmian.runtime.dead_letters import DeadLetters
from qianmian.runtime.definition_desk import DefinitionDesk
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.ports import Log
from qianmian.server.hub import Hub
from qianmian.server.ingest.decoding import RejectedEvent
from qianmian.server.ingest.statistics import SourceStatistics
from qianmian.storage.sql.accounts import AccountStore
from qianmian.storage.sql.sources import SourceStore


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
    desk: DefinitionDesk
    accounts: AccountStore
    sources: SourceStore
    dead_letters: DeadLetters
    ingest: Ingest
    now: Callable[[], int]
    version: str
    fired: Counter[str] = field(default_factory=Counter)
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    lateness_ms: int = 5_000
