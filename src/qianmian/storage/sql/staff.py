"""Who works here: accounts that are invited by a link, what each may do, and when that ends.

A link works once, for three days; its token has 256 random bits and is kept as its SHA-256. Who
opens it chooses a name and a password, so that nobody ever knows the password of another. A link
for an account that is there lets its owner choose a new password and ends the account's sessions.

The last owner who can sign in stays an owner, or nobody could ever make another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from qianmian.storage.sql.accounts import (
    Account,
    AccountStore,
    SignedIn,
    check_role,
    insert_account,
)
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Conflict, Database
from qianmian.storage.sql.secrets import hashed, new_secret
from qianmian.storage.sql.tables import ACCOUNT_LINKS, ACCOUNTS, LOGIN_SESSIONS
from qianmian.vocabulary.time import DAY_MS

LINK_MS: Final = 3 * DAY_MS

Changed = Literal["done", "unknown", "last_owner"]
Refused = Literal["link", "name_taken"]


@dataclass(frozen=True, slots=True)
class Member:
    """An account as lists show it. Units: ms UTC."""

    account: Account
    created_at: int
    seen_at: int | None
    disabled_at: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was made. `token` goes behind the # of its address, and is never shown again.

    Units: ms UTC.
    """

    token: str
    role: str
    expires_at: int


class Staff:
    """The accounts of a deployment, and everything that changes them.

    Args:
        accounts: of the same database; hashes passwords and begins sessions.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(
        self, database: Database, accounts: AccountStore, clock: Callable[[], int]
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._clock = clock
        self._audit = AuditTrail(database, clock)

    def all(self) -> list[Member]:
        """Every account, in the order they were made; those that are ended as well."""
        seen = (
            sa.select(sa.func.max(LOGIN_SESSIONS.c.seen_at))
            .where(LOGIN_SESSIONS.c.account == ACCOUNTS.c.id)
            .scalar_subquery()
        )
        query = sa.select(ACCOUNTS, seen.label("seen_at")).order_by(
            ACCOUNTS.c.created_at, ACCOUNTS.c.folded_name
        )
        with self._database.read() as connection:
            return [
                Member(_account(row), row.created_at, row.seen_at, row.disabled_at)
                for row in connection.execute(query)
            ]

    def invite(self, role: str, *, by: Actor) -> Link:
        """A link for one new account of this role.

        Raises: InputError for a role there is not.
        """
        check_role(role)
        with self._database.write() as connection:
            link = self._link(connection, role, None)
            told = {"role": role, "expires_at": link.expires_at}
            self._audit.append(connection, by, "account.invited", "", after=told)
        return link

    def reset(self, account_id: str, *, by: Actor) -> Link | None:
        """A link to choose a new password with; None for an account there is not, or is ended.

        The old password goes on working until the link is used: who forgot it knows none anyway.
        """
        with self._database.write() as connection:
            row = _row(connection, account_id)
            if row is None or row.disabled_at is not None:
                return None
            link = self._link(connection, row.role, account_id)
            told = {"name": row.name, "expires_at": link.expires_at}
            self._audit.append(connection, by, "account.reset", account_id, after=told)
        return link

    def accept(self, token: str, name: str, password: str) -> SignedIn | Refused:
        """Use a link: the account that it makes, or whose password it sets, signed in.

        Args:
            name: of the new account; for an account that is there, the name it has.

        Raises: InputError for a name or password that cannot be; the link then still works.
        """
        password_hash = self._accounts.hash_of(name, password)
        now = self._clock()
        try:
            with self._database.write() as connection:
                link = self._usable(connection, token, now)
                if link is None:
                    return "link"
                where = ACCOUNT_LINKS.c.sha256 == link.sha256
                use = ACCOUNT_LINKS.update().where(where).values(used_at=now)
                if link.account is None:
                    connection.execute(use)
                    account = insert_account(connection, name, link.role, password_hash, now)
                    told = {"name": name, "role": link.role}
                    self._append(
                        connection, "account.created", account.id, by=account.actor, after=told
                    )
                    return self._accounts.begin(connection, account)
                row = _row(connection, link.account)
                if row is None or row.disabled_at is not None:
                    return "link"
                if name.casefold() != row.folded_name:
                    return "name_taken"
                connection.execute(use)
                account = _account(row)
                self._set(connection, account.id, password_hash=password_hash)
                _end_sessions(connection, account.id)
                named = {"name": account.name}
                self._append(
                    connection, "account.password", account.id, by=account.actor, after=named
                )
                return self._accounts.begin(connection, account)
        except Conflict:  # nothing was written, and the link still works
            return "name_taken"

    def link_of(self, token: str) -> tuple[str, str | None] | None:
        """The role of a link that works, and the name of the account it is for, if any."""
        query = (
            sa.select(ACCOUNT_LINKS.c.role, ACCOUNTS.c.name)
            .join(ACCOUNTS, ACCOUNTS.c.id == ACCOUNT_LINKS.c.account, isouter=True)
            .where(
                ACCOUNT_LINKS.c.sha256 == hashed(token),
                ACCOUNT_LINKS.c.used_at.is_(None),
                ACCOUNT_LINKS.c.expires_at > self._clock(),
                ACCOUNTS.c.disabled_at.is_(None),
            )
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row.role, row.name)

    def change(
        self,
        account_id: str,
        *,
        by: Actor,
        role: str | None = None,
        disabled: bool | None = None,
        reason: str = "",
    ) -> Changed:
        """Give an account another role, end it, or let it sign in again with its password.

        Works from the next request of that account on. Ending it ends its sessions and its links.

        Raises: InputError for a role there is not.
        """
        if role is not None:
            check_role(role)
        with self._database.write() as connection:
            row = _row(connection, account_id)
            if row is None:
                return "unknown"
            ends = disabled is True and row.disabled_at is None
            demoted = role not in (None, row.role)
            if (ends or demoted) and _is_last_owner(connection, row):
                return "last_owner"
            told: dict[str, Any] = {"by": by, "reason": reason}
            named: dict[str, Any] = {"before": {"name": row.name}}
            if demoted:
                self._set(connection, account_id, role=role)
                change: dict[str, Any] = {
                    "before": {"name": row.name, "role": row.role},
                    "after": {"name": row.name, "role": role},
                }
                self._append(connection, "account.role", account_id, **told, **change)
            if ends:
                self._end(connection, account_id)
                self._append(connection, "account.disabled", account_id, **told, **named)
            elif disabled is False and row.disabled_at is not None:
                self._set(connection, account_id, disabled_at=None)
                self._append(connection, "account.enabled", account_id, **told, **named)
        return "done"

    # -- parts

    def _append(
        self, connection: Connection, action: str, account_id: str, *, by: Actor, **told: Any
    ) -> None:
        self._audit.append(connection, by, action, account_id, **told)

    def _set(self, connection: Connection, account_id: str, **values: Any) -> None:
        where = ACCOUNTS.c.id == account_id
        connection.execute(ACCOUNTS.update().where(where).values(**values))

    def _end(self, connection: Connection, account_id: str) -> None:
        """No session, no link, no signing in."""
        now = self._clock()
        _end_sessions(connection, account_id)
        links = ACCOUNT_LINKS.c.account == account_id
        connection.execute(ACCOUNT_LINKS.update().where(links).values(used_at=now))
        self._set(connection, account_id, disabled_at=now)

    def _link(self, connection: Connection, role: str, account: str | None) -> Link:
        now, token = self._clock(), new_secret()
        gone = sa.or_(ACCOUNT_LINKS.c.expires_at <= now, ACCOUNT_LINKS.c.used_at.is_not(None))
        connection.execute(ACCOUNT_LINKS.delete().where(gone))
        connection.execute(
            ACCOUNT_LINKS.insert().values(
                sha256=hashed(token),
                role=role,
                account=account,
                created_at=now,
                expires_at=now + LINK_MS,
            )
        )
        return Link(token, role, now + LINK_MS)

    def _usable(self, connection: Connection, token: str, now: int) -> Row[Any] | None:
        """The link of a token, if it works; nobody else can use it before this transaction ends."""
        return connection.execute(
            ACCOUNT_LINKS.select()
            .where(
                ACCOUNT_LINKS.c.sha256 == hashed(token),
                ACCOUNT_LINKS.c.used_at.is_(None),
                ACCOUNT_LINKS.c.expires_at > now,
            )
            .with_for_update()
        ).one_or_none()


def _account(row: Row[Any]) -> Account:
    return Account(row.id, row.name, row.role)


def _row(connection: Connection, account_id: str) -> Row[Any] | None:
    return connection.execute(
        ACCOUNTS.select().where(ACCOUNTS.c.id == account_id).with_for_update()
    ).one_or_none()


def _is_last_owner(connection: Connection, row: Row[Any]) -> bool:
    """Whether nobody else could give roles if this account could not.

    The rows are locked, so that two owners who end each other at once do not both succeed.
    """
    if row.role != "owner" or row.disabled_at is not None:
        return False
    owners = sa.select(ACCOUNTS.c.id).where(
        ACCOUNTS.c.role == "owner", ACCOUNTS.c.disabled_at.is_(None)
    )
    found = connection.execute(owners.order_by(ACCOUNTS.c.id).with_for_update()).all()
    return [one.id for one in found] == [row.id]


def _end_sessions(connection: Connection, account_id: str) -> None:
    connection.execute(LOGIN_SESSIONS.delete().where(LOGIN_SESSIONS.c.account == account_id))
