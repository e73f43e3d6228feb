"""Strategies, offers and the limits of a shop in the database; every change is told to the audit.

The topic `strategies` counts changes, so that a server notices those of another process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from qianmian.errors import InputError, NotThere
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.changes import note_change, number_of
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.tables import ACCOUNTS, OFFER_CODES, OFFERS, SHOP_RULES, STRATEGY_VERSIONS
from qianmian.strategies.modes import Person, Step, StrategyVersion, taken
from qianmian.strategies.strategy import Guardrails, Strategy
from qianmian.vocabulary.offer import Offer

TOPIC: Final = "strategies"
SHUT: Final = "shut_"
"""Begins the name of the rule that a channel is shut."""
_V: Final = STRATEGY_VERSIONS.c


class Kept(msgspec.Struct, frozen=True):
    """Everything about strategies that is kept, as of one instant.

    Attributes:
        versions: by key and version.
        guardrails: None: nobody has changed those of the file, or the usual ones.
        is_alone: whether one person works in this shop, who approves what they made.
        number: grows with each change.
        codes: how many codes were uploaded for each offer that has any.
        shut: channels over which nothing goes until somebody opens them.
    """

    versions: tuple[StrategyVersion, ...]
    offers: tuple[Offer, ...]
    guardrails: Guardrails | None
    is_alone: bool
    number: int
    codes: dict[str, int] = {}
    shut: frozenset[str] = frozenset()


class StrategyStore:
    """The strategies of a deployment.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)

    def number(self) -> int:
        """Grows with each change, also of another process."""
        with self._database.read() as connection:
            return number_of(connection, TOPIC)

    def read(self) -> Kept:
        """Everything."""
        with self._database.read() as connection:
            rules = {row.name: row.body for row in connection.execute(SHOP_RULES.select())}
            offers = connection.execute(OFFERS.select().order_by(OFFERS.c.key))
            return Kept(
                tuple(_versions(connection)),
                tuple(msgspec.json.decode(row.body, type=Offer) for row in offers),
                msgspec.json.decode(rules["guardrails"], type=Guardrails)
                if "guardrails" in rules
                else None,
                _is_alone(connection),
                number_of(connection, TOPIC),
                pools(connection),
                frozenset(shut_channels(connection)),
            )

    def save_draft(
        self, strategy: Strategy, by: Actor, *, least_version: int = 1
    ) -> StrategyVersion:
        """Make or replace the draft of a strategy.

        Args:
            least_version: that it gets where none is kept: the one after that of a file.
        """
        with self._changing() as connection:
            own = [one for one in _versions(connection) if one.key == strategy.key]
            draft = next((one for one in own if one.mode == "draft"), None)
            numbers = [one.strategy.version for one in own]
            number = draft.strategy.version if draft else max([least_version - 1, *numbers]) + 1
            saved = msgspec.structs.replace(strategy, mode="draft", version=number)
            now = self._clock()
            version = StrategyVersion(
                saved,
                made_at=now,
                made_by=by.name,
                made_id=id_of(by),
                changed_at=now,
                changed_by=by.name,
            )
            self._put(connection, version)
            if draft is None:
                self._tell(connection, by, "strategy.drafted", version)
            return version

    def drop_draft(self, key: str, by: Actor) -> bool:
        """Throw the draft away; whether there was one."""
        with self._changing() as connection:
            for one in _versions(connection):
                if one.key == key and one.mode == "draft":
                    where = (_V.key == key) & (_V.version == one.strategy.version)
                    connection.execute(STRATEGY_VERSIONS.delete().where(where))
                    self._tell(connection, by, "strategy.dropped", one)
                    return True
        return False

    def take(
        self,
        key: str,
        version: int,
        step: Step,
        by: Actor,
        *,
        why: str = "",
        of_file: Strategy | None = None,
    ) -> StrategyVersion:
        """Bring a version one step further.

        Args:
            of_file: what is meant where the version is not kept; from now on it is.

        Raises: NotThere; InputError and SelfApproval as of `taken`, and then nothing has changed.
        """
        with self._changing() as connection:
            own = [one for one in _versions(connection) if one.key == key]
            one = next((one for one in own if one.strategy.version == version), None)
            if one is None and of_file is not None:
                one = StrategyVersion(of_file)
            if one is None:
                raise NotThere(f'the strategy "{key}" has no version {version}')
            person = Person(id_of(by), by.name, _is_alone(connection))
            done, ended = taken(one, step, person, at=self._clock(), why=why, others=own)
            for changed in (*ended, done):
                self._put(connection, changed)
            self._tell(connection, by, "strategy.moved", done, step=step, before=one.mode)
            return done

    def put_offer(self, offer: Offer, by: Actor) -> None:
        """Make or change an offer."""
        with self._changing() as connection:
            body = _json(offer)
            self._upsert(connection, OFFERS, {"key": offer.key}, body, by)
            self._audit.append(connection, by, "offer.changed", offer.key, after=_plain(offer))

    def drop_offer(self, key: str, by: Actor) -> None:
        """Take an offer away.

        Raises: NotThere.
        """
        with self._changing() as connection:
            if not connection.execute(OFFERS.delete().where(OFFERS.c.key == key)).rowcount:
                raise NotThere(f'there is no offer "{key}"')
            self._audit.append(connection, by, "offer.dropped", key)

    def put_guardrails(
        self, guardrails: Guardrails, by: Actor, *, why: str = "", before: Guardrails
    ) -> None:
        """The limits of the shop from now on."""
        with self._changing() as connection:
            self._upsert(connection, SHOP_RULES, {"name": "guardrails"}, _json(guardrails), by)
            was, now = _plain(before), _plain(guardrails)
            self._audit.append(
                connection, by, "limits.changed", "shop", before=was, after=now, reason=why
            )

    def put_alone(self, by: Actor, *, is_alone: bool, why: str) -> None:
        """Whether one person works here, who approves what they made.

        Raises: InputError when there are more.
        """
        with self._changing() as connection:
            body = "true" if is_alone else "false"
            self._upsert(connection, SHOP_RULES, {"name": "is_alone"}, body, by)
            if is_alone and not _is_alone(connection):
                raise InputError("more than one person works here; somebody else can approve")
            after = {"single_person": is_alone}
            self._audit.append(connection, by, "limits.alone", "shop", after=after, reason=why)

    # -- parts

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        with self._database.write() as connection:
            note_change(connection, TOPIC)
            yield connection

    def _put(self, connection: Connection, version: StrategyVersion) -> None:
        where = (_V.key == version.key) & (_V.version == version.strategy.version)
        connection.execute(STRATEGY_VERSIONS.delete().where(where))
        plain = {name: getattr(version, name) for name in _PLAIN}
        row = {"key": version.key, "version": version.strategy.version, "mode": version.mode}
        row |= {"body": _json(version.strategy), **plain}
        connection.execute(STRATEGY_VERSIONS.insert().values(**row))

    def _upsert(
        self, connection: Connection, table: Any, place: dict[str, str], body: str, by: Actor
    ) -> None:
        ((name, value),) = place.items()
        connection.execute(table.delete().where(table.c[name] == value))
        row = {**place, "body": body, "changed_at": self._clock(), "changed_by": by.name}
        connection.execute(table.insert().values(**row))

    def _tell(
        self, connection: Connection, by: Actor, action: str, one: StrategyVersion, **more: str
    ) -> None:
        told: dict[str, Any] = {"version": one.strategy.version, "mode": one.mode, **more}
        if action == "strategy.drafted" or one.mode in ("approval", "ramp", "dry_run"):
            told["strategy"] = _plain(one.strategy)
        self._audit.append(connection, by, action, one.key, after=told, reason=one.why)


def pools(connection: Connection) -> dict[str, int]:
    """How many codes there are of each offer that has any."""
    offer = OFFER_CODES.c.offer
    counted = sa.select(offer, sa.func.count()).group_by(offer).order_by(offer)
    return {key: int(n) for key, n in connection.execute(counted)}


def shut_channels(connection: Connection) -> dict[str, int]:
    """Since when channels are shut, ms UTC."""
    mine = SHOP_RULES.select().where(SHOP_RULES.c.name.startswith(SHUT, autoescape=True))
    return {row.name.removeprefix(SHUT): row.changed_at for row in connection.execute(mine)}


def id_of(actor: Actor) -> str:
    """Who somebody is, whatever they are called by now."""
    return f"{actor.kind}:{actor.id}"


def _is_alone(connection: Connection) -> bool:
    """Whether the shop has said so, and it is still true."""
    where = (SHOP_RULES.c.name == "is_alone") & (SHOP_RULES.c.body == "true")
    if connection.execute(SHOP_RULES.select().where(where)).first() is None:
        return False
    people = sa.select(sa.func.count()).where(ACCOUNTS.c.disabled_at.is_(None))
    return int(connection.execute(people).scalar_one()) <= 1


def _versions(connection: Connection) -> list[StrategyVersion]:
    order = STRATEGY_VERSIONS.select().order_by(_V.key, _V.version)
    return [_version(row) for row in connection.execute(order)]


def _version(row: Row[Any]) -> StrategyVersion:
    strategy = msgspec.json.decode(row.body, type=Strategy)
    found = StrategyVersion(strategy)
    return replace(found, **{name: getattr(row, name) for name in _PLAIN})


def _json(one: msgspec.Struct) -> str:
    return msgspec.json.encode(one).decode()


def _plain(one: msgspec.Struct) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    return found


_PLAIN: Final = tuple(name for name in StrategyVersion.__dataclass_fields__ if name != "strategy")
