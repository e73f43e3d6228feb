"""What the routes of one server work with: made by bootstrap, handed to every application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from qianmian.bootstrap.persons import Persons
from qianmian.channels.unsubscribe import Unsubscribe
from qianmian.moments.definition import Moment
from qianmian.runtime.dead_letters import DeadLetters
from qianmian.runtime.definition_desk import DefinitionDesk
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.following import Following
from qianmian.runtime.movements import Movements
from qianmian.runtime.ports import Log
from qianmian.server.codes import CodeDesk
from qianmian.server.counts import FiredToday, LevelCounts
from qianmian.server.decided import DecidedLately
from qianmian.server.delivering import Delivery
from qianmian.server.fact_following import FactFollowing
from qianmian.server.follow_ups import FollowUpDesk
from qianmian.server.hub import Hub
from qianmian.server.ingest.decoding import RejectedEvent
from qianmian.server.ingest.statistics import SourceStatistics
from qianmian.server.issuing import Issuing
from qianmian.server.measuring import Measurer
from qianmian.server.outbox import Outbox, Stranded
from qianmian.server.previewing import Previewer
from qianmian.server.prompts import HostPrompts
from qianmian.server.room_lists import RoomLists
from qianmian.server.stocking import Stocking
from qianmian.server.strategy_desk import StrategyDesk
from qianmian.server.trials import TrialDesk
from qianmian.server.viewers.app import Viewers
from qianmian.server.withdrawing import Withdrawals
from qianmian.storage.history_person import PastReader
from qianmian.storage.profile_file import StoredProfiles
from qianmian.storage.sql.accounts import AccountStore
from qianmian.storage.sql.api_keys import ApiKeyStore
from qianmian.storage.sql.audit import AuditTrail
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.gates import ChannelGates
from qianmian.storage.sql.identities import IdentityStore
from qianmian.storage.sql.issued import IssuedStore
from qianmian.storage.sql.lists import ListStore
from qianmian.storage.sql.products import ProductStore
from qianmian.storage.sql.room_links import RoomLinkStore
from qianmian.storage.sql.sources import SourceStore
from qianmian.storage.sql.spending import SpendingBook
from qianmian.storage.sql.staff import Staff
from qianmian.tags.definition import Tag
from qianmian.vocabulary.minors import MinorsMode


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
        hub, viewers: what is sent to the console, and to the pages of viewers.
        zone, currency: of the shop.
        tags, moments: the built-in ones by key.
        now: ms UTC.
        fired: firings by moment since the start of the process.
        refused: who was not let into the console and its interface, by the code of the answer.
        minors: whether minors have a profile.
        retention: days for which each class of data is kept.
    """

    deployment: Deployment
    log: Log
    hub: Hub
    viewers: Viewers
    prompts: HostPrompts
    deliveries: tuple[Delivery, ...]
    withdrawals: Withdrawals
    follow_ups: FollowUpDesk
    outboxes: tuple[Outbox, ...]
    stranded: Stranded
    room_lists: RoomLists
    codes: CodeDesk
    code_store: CodeStore
    issuing: Issuing
    issued: IssuedStore
    gates: ChannelGates
    spending: SpendingBook
    unsubscribe: Unsubscribe
    desk: DefinitionDesk
    strategies: StrategyDesk
    trials: TrialDesk
    previewer: Previewer
    measurer: Measurer
    levels: LevelCounts
    fired_today: FiredToday
    decided: DecidedLately
    followers: tuple[Following, ...]
    accounts: AccountStore
    staff: Staff
    api_keys: ApiKeyStore
    room_links: RoomLinkStore
    audit: AuditTrail
    identities: IdentityStore
    profiles: StoredProfiles
    pasts: PastReader
    products: ProductStore
    stocking: Stocking
    lists: ListStore
    facts: FactFollowing
    movements: Movements
    sources: SourceStore
    dead_letters: DeadLetters
    persons: Persons
    ingest: Ingest
    now: Callable[[], int]
    version: str
    tags: Mapping[str, Tag]
    moments: Mapping[str, Moment]
    fired: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    lateness_ms: int = 5_000
    minors: MinorsMode = "exclude"
    retention: Mapping[str, int] = field(default_factory=dict)
