"""The tables, as SQLAlchemy Core sees them. A change here needs a migration (a test compares).

Units: instants are ms UTC. Secrets are kept as hashes only.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

SOURCES: Final = Table(
    "sources",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("key_class", String(16), nullable=False),
    Column("namespace", String(64), nullable=False),
    Column("default_room", String(512)),
    Column("presence", Boolean, nullable=False),
    Column("origins", Text, nullable=False),  # JSON list
    Column("accept_own_anonymous_ids", Boolean, nullable=False),
    Column("mapping", Text, nullable=False),
    Column("events_per_second", Integer),
    Column("new_viewers_per_minute", Integer),
    Column("new_products_per_minute", Integer),
    Column("created_at", BigInteger, nullable=False),
    Column("first_event_at", BigInteger),
    Column("last_event_at", BigInteger),
)

WRITE_KEYS: Final = Table(
    "write_keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("source", ForeignKey("sources.name"), nullable=False),
    Column("prefix", String(32), nullable=False, unique=True),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Index(None, "source"),
)

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("folded_name", String(256), nullable=False, unique=True),
    Column("role", String(32), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)

LOGIN_SESSIONS: Final = Table(
    "login_sessions",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("account", ForeignKey("accounts.id"), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index(None, "account"),
)

FIRST_ACCOUNT_TOKENS: Final = Table(
    "first_account_tokens",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

LOGIN_FAILURES: Final = Table(
    "login_failures",
    METADATA,
    Column("subject", String(400), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
)

DEFINITION_VERSIONS: Final = Table(
    "definition_versions",
    METADATA,
    Column("kind", String(16), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("state", String(16), nullable=False),  # draft, active, replaced, retired
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),  # JSON: title and meaning by language
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("why", Text, nullable=False),
    Column("active_from", BigInteger),
    Column("active_until", BigInteger),
    Column("ended_by", String(128)),
    Index(None, "state"),
)

CHANGES: Final = Table(
    "changes",
    METADATA,
    Column("topic", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
)
"""A number per topic that grows with each change, so that other processes notice one cheaply."""

AUDIT: Final = Table(
    "audit",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("actor_name", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("before", Text),  # canonical JSON, as is `after`; null: there was nothing
    Column("after", Text),
    Column("reason", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""Append-only: triggers refuse every other change. See `audit.py`."""

AUDIT_HEAD: Final = Table(
    "audit_head",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("number", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
)
"""The newest row of the audit once more, so that rows cut off at the end are missed."""

ACCOUNT_LINKS: Final = Table(
    "account_links",
    METADATA,
    Column("sha256", LargeBinary(32), primary_key=True),
    Column("role", String(32), nullable=False),
    Column("account", ForeignKey("accounts.id")),  # whose password it resets; null: a new account
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

API_KEYS: Final = Table(
    "api_keys",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("role", String(32), nullable=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
)

ROOM_LINKS: Final = Table(
    "room_links",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("room", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # host overlay
    Column("sha256", LargeBinary(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("opened_at", BigInteger),
    Column("revoked_at", BigInteger),
    Index(None, "room"),
)
"""Links to one room; a row goes when another link is made after its end."""

IDENTITY_EDGES: Final = Table(
    "identity_edges",
    METADATA,
    Column("own", String(160), primary_key=True),
    Column("known", String(160), primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger),  # null: it holds
    Column("source", String(512), nullable=False),
    Index(None, "known"),
)
"""Which ids are one person's: a projection of history, see `identities.py`."""

PROJECTIONS: Final = Table(
    "projections",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("stop", BigInteger, nullable=False),  # the first message of the log that is not in it
)

PRODUCTS: Final = Table(
    "products",
    METADATA,
    Column("id", String(512), primary_key=True),
    Column("title", String(512), nullable=False),
    Column("link_number", BigInteger),
    Column("category", Text, nullable=False),  # JSON list, as are the other lists
    Column("brand", String(512)),
    Column("brand_tone", String(512)),
    Column("price_minor", BigInteger),
    Column("currency", String(3), nullable=False),
    Column("stock", BigInteger),
    Column("selling_points", Text, nullable=False),
    Column("related", Text, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("folded", Text, nullable=False),  # what a search looks through
    Index(None, "link_number"),
)

ERASED_VIEWERS: Final = Table(
    "erased_viewers",
    METADATA,
    Column("mark", LargeBinary(16), primary_key=True),
    Column("at", BigInteger, nullable=False),
)
"""Keyed hashes of erased ids: what comes of them is refused. Nobody can read an id out of one."""

ERASURES: Final = Table(
    "erasures",
    METADATA,
    Column("id", String(16), primary_key=True),
    Column("mark", String(32), nullable=False),
    Column("state", String(16), nullable=False),  # asked, done
    Column("asked_at", BigInteger, nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("actor_name", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("viewers", Text),  # JSON list, until it is done
    Column("key", LargeBinary(32)),  # of the tombstones, until it is done
    Column("step", String(32), nullable=False),
    Column("done_at", BigInteger),
    Column("report", Text),  # JSON: by store, how many places
    Index(None, "state"),
)

CONSENTS: Final = Table(
    "consents",
    METADATA,
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),  # among those of its message
    Column("viewer", String(160), nullable=False),
    Column("purpose", String(64), nullable=False),
    Column("channel", String(32), nullable=False),  # "": all
    Column("granted", Boolean, nullable=False),
    Column("event_time", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("source", String(64), nullable=False),
    Column("text_version", String(512), nullable=False),
    Column("evidence", Text, nullable=False),
    Index(None, "viewer"),
    Index(None, "at"),
)
"""The ledger of consents: a projection of the log that keeps what proves each, for years."""

LISTS: Final = Table(
    "lists",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String(128), nullable=False),
)

LIST_MEMBERS: Final = Table(
    "list_members",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("viewer", String(128), primary_key=True),
    Index(None, "viewer"),
)

STRATEGY_VERSIONS: Final = Table(
    "strategy_versions",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("mode", String(16), nullable=False),
    Column("body", Text, nullable=False),  # JSON of the strategy
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String(128), nullable=False),
    Column("made_id", String(128), nullable=False),
    Column("asked_by", String(128), nullable=False),
    Column("asked_id", String(128), nullable=False),
    Column("approved_by", String(128), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
    Column("why", Text, nullable=False),
    Column("paused_from", String(16)),
    Index(None, "mode"),
)

OFFERS: Final = Table(
    "offers",
    METADATA,
    Column("key", String(64), primary_key=True),
    Column("body", Text, nullable=False),  # JSON of the offer
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
)

SHOP_RULES: Final = Table(
    "shop_rules",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("body", Text, nullable=False),  # JSON
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
)
"""What holds for all strategies of a shop: its limits, and whether one person works there."""

ROOM_LISTS: Final = Table(
    "room_lists",
    METADATA,
    Column("room", String(128), primary_key=True),
    Column("is_hot_shown", Boolean, nullable=False),
    Column("recommended", Text, nullable=False),  # JSON list of ids of products
    Column("changed_at", BigInteger, nullable=False),
    Column("changed_by", String(128), nullable=False),
)
"""What pages of viewers list of a room's products, as its floor manager chose it."""

FOLLOW_UPS: Final = Table(
    "follow_ups",
    METADATA,
    Column("id", String(64), primary_key=True),  # of the decision
    Column("viewer", String(512), nullable=False),
    Column("body", Text, nullable=False),  # JSON of the task
    Column("deadline_at", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # open claimed done skipped expired withdrawn
    Column("holder", String(128), nullable=False),  # who claimed it, as kind:id; "": nobody
    Column("holder_name", String(128), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("is_told", Boolean, nullable=False),  # whether the log knows how it ended
    Index(None, "viewer"),
    Index(None, "state"),
)
"""Viewers whom customer service should write to; a row goes a day after its end."""

OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("id", String(64), primary_key=True),  # of the decision; the key for the receiver
    Column("channel", String(16), nullable=False),
    Column("viewer", String(512), nullable=False),
    Column("strategy", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),  # the same bytes with each attempt
    Column("deadline_at", BigInteger, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("may_be_there", Boolean, nullable=False),  # whether an attempt may have arrived
    Column("state", String(16), nullable=False),  # waiting delivered rejected expired …
    Column("why", String(64), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("is_told", Boolean, nullable=False),  # whether the log knows how it ended
    Index(None, "viewer"),
    Index(None, "state"),
)
"""What is on its way to other systems; a row goes a day after its end."""

OFFER_CODES: Final = Table(
    "offer_codes",
    METADATA,
    Column("offer", String(64), primary_key=True),
    Column("place", Integer, primary_key=True),  # the order in which they go, as the log names them
    Column("code", String(64), nullable=False, unique=True),
    Column("owner", String(64)),  # the act that it was read for; NULL: nobody has read it
    Column("decision", String(64)),  # the step of it that read it last
    Index(None, "decision"),
)
"""Codes of offers. The log says which goes to whom, by place; a row is read by one act only."""

ISSUED_CODES: Final = Table(
    "issued_codes",
    METADATA,
    Column("act", String(64), primary_key=True),  # id of its first decision
    Column("offer", String(64), nullable=False),
    Column("state", String(16), nullable=False),  # asking issued refused
    Column("code", String(64), unique=True),
    Column("valid_until", BigInteger),
    Column("url", String(2048), nullable=False),
    Column("why", String(64), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Index(None, "offer"),
)
"""Codes that the shop's coupon system made; the first that came for an act stays."""

LEDGER_ENTRIES: Final = Table(
    "ledger_entries",
    METADATA,
    Column("decision", String(64), primary_key=True),
    Column("day", String(10), nullable=False),  # of deciding, in the zone of the shop
    Column("at", BigInteger, nullable=False),
    Column("strategy", String(64), nullable=False),
    Column("offer", String(64), nullable=False),
    Column("cost_minor", BigInteger, nullable=False),
    Column("code", Integer),  # its place in the pool; NULL: it has none, or gave it back
    Column("state", String(16), nullable=False),  # held spent given_back
    Index(None, "day"),
)
"""What strategies gave away, made from the log; the view `ledger_days` adds it up."""
