"""Accounts of the console: who may sign in, and who is signed in.

Passwords are hashed by argon2id; session and first-account tokens have 256 random bits and are
kept as SHA-256. An unknown name costs the same hash as a wrong password, and failures are counted
per address, per name, and per both, so that nobody can guess, and nobody can lock another out with
a handful of wrong guesses. Methods take tens of ms where a password is hashed: call in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.engine import Connection

from qianmian.errors import InputError
from qianmian.storage.sql.audit import SYSTEM, Actor, AuditTrail
from qianmian.storage.sql.database import Conflict, Database, counted_up
from qianmian.storage.sql.secrets import hashed, new_id, new_secret
from qianmian.storage.sql.tables import (
    ACCOUNTS,
    FIRST_ACCOUNT_TOKENS,
    LOGIN_FAILURES,
    LOGIN_SESSIONS,
)
from qianmian.vocabulary.ids import id_problem
from qianmian.vocabulary.time import MINUTE_MS

ROLES: Final = ("owner", "lead", "operator", "service", "host", "reader")
MIN_PASSWORD_CHARS: Final = 10
MAX_PASSWORD_CHARS: Final = 256  # argon2 would hash more, but nobody types it
SESSION_MS: Final = 14 * 24 * 60 * MINUTE_MS
IDLE_MS: Final = 12 * 60 * MINUTE_MS  # a shift
SEEN_EVERY_MS: Final = MINUTE_MS  # a read per request must not be a write per request
FAILURE_WINDOW_MS: Final = 15 * MINUTE_MS
MAX_FAILURES: Final = {"both": 5, "address": 30, "name": 100}


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in."""

    id: str
    name: str
    role: str

    @property
    def actor(self) -> Actor:
        """As the audit names them."""
        return Actor("account", self.id, self.name)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has begun. `token` goes into the cookie, `csrf` to the page.

    Units: `expires_at` in ms UTC.
    """

    account: Account
    token: str
    csrf: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """Why nobody was signed in; `retry_after_ms` > 0 when there were too many attempts."""

    retry_after_ms: int = 0


class AccountStore:
    """Accounts, their sessions, and the token for the first of them.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)
        self._hasher = hasher or PasswordHasher()
        self._nobodys_hash = self._hasher.hash(new_secret())

    # -- the first account

    def has_accounts(self) -> bool:
        """Whether anybody may sign in yet."""
        with self._database.read() as connection:
            return _count(connection) > 0

    def first_account_token(self) -> str | None:
        """A new one-time token for the first account; None if there is an account already.

        Earlier tokens end.
        """
        token = new_secret()
        with self._database.write() as connection:
            if _count(connection):
                return None
            connection.execute(FIRST_ACCOUNT_TOKENS.delete())
            connection.execute(
                FIRST_ACCOUNT_TOKENS.insert().values(sha256=hashed(token), created_at=self._clock())
            )
        return token

    def create_first(self, token: str, name: str, password: str) -> SignedIn | None:
        """The first account, an owner, signed in; None when the token is wrong or used.

        Raises: InputError for a name or password that cannot be.
        """
        password_hash = self.hash_of(name, password)
        now = self._clock()
        with self._database.write() as connection:
            used = connection.execute(
                FIRST_ACCOUNT_TOKENS.update()
                .where(
                    FIRST_ACCOUNT_TOKENS.c.sha256 == hashed(token),
                    FIRST_ACCOUNT_TOKENS.c.used_at.is_(None),
                )
                .values(used_at=now)
            )
            if used.rowcount != 1 or _count(connection):
                return None
            account = insert_account(connection, name, "owner", password_hash, now)
            told = {"name": name, "role": account.role}
            self._audit.append(connection, account.actor, "account.created", account.id, after=told)
            return self.begin(connection, account)

    # -- accounts

    def create(self, name: str, role: str, password: str, *, by: Actor = SYSTEM) -> Account:
        """A further account.

        Raises: InputError for a name that is taken, or a value that cannot be.
        """
        check_role(role)
        password_hash = self.hash_of(name, password)
        try:
            with self._database.write() as connection:
                account = insert_account(connection, name, role, password_hash, self._clock())
                told = {"name": name, "role": role}
                self._audit.append(connection, by, "account.created", account.id, after=told)
                return account
        except Conflict as exc:
            raise InputError(f'there is an account "{name}" already') from exc

    def hash_of(self, name: str, password: str) -> str:
        """What is kept of the password of this name.

        Raises: InputError for a name or password that cannot be.
        """
        check_name(name)
        check_password(password, name)
        return self._hasher.hash(password)

    # -- sessions

    def sign_in(self, name: str, password: str, address: str) -> SignedIn | SignInRefused:
        """A session for the right password; the same words for every wrong pair."""
        name, now = name[:MAX_PASSWORD_CHARS], self._clock()
        subjects = _subjects(name, address)
        with self._database.read() as connection:
            wait_ms = _wait_ms(connection, subjects, now)
            found = connection.execute(
                ACCOUNTS.select().where(
                    ACCOUNTS.c.folded_name == name.casefold(), ACCOUNTS.c.disabled_at.is_(None)
                )
            ).one_or_none()
        if wait_ms:
            return SignInRefused(wait_ms)
        kept = self._nobodys_hash if found is None else found.password_hash
        is_right = self._matches(kept, password) and found is not None
        with self._database.write() as connection:
            if not is_right or found is None:
                _note_failure(connection, subjects, now)
                return SignInRefused()
            both = subjects["both"]
            connection.execute(LOGIN_FAILURES.delete().where(LOGIN_FAILURES.c.subject == both))
            if self._hasher.check_needs_rehash(kept):
                connection.execute(
                    ACCOUNTS.update()
                    .where(ACCOUNTS.c.id == found.id)
                    .values(password_hash=self._hasher.hash(password))
                )
            return self.begin(connection, Account(found.id, found.name, found.role))

    def session(self, token: str) -> SignedIn | None:
        """The session of a cookie, if it is alive; being used keeps it so."""
        now, digest = self._clock(), hashed(token)
        with self._database.read() as connection:
            row = connection.execute(
                sa.select(
                    LOGIN_SESSIONS.c.seen_at,
                    LOGIN_SESSIONS.c.expires_at,
                    ACCOUNTS.c.id,
                    ACCOUNTS.c.name,
                    ACCOUNTS.c.role,
                )
                .join(ACCOUNTS, ACCOUNTS.c.id == LOGIN_SESSIONS.c.account)
                .where(LOGIN_SESSIONS.c.sha256 == digest, ACCOUNTS.c.disabled_at.is_(None))
            ).one_or_none()
        if row is None or now >= row.expires_at or now >= row.seen_at + IDLE_MS:
            return None
        if now >= row.seen_at + SEEN_EVERY_MS:
            with self._database.write() as connection:
                where = LOGIN_SESSIONS.c.sha256 == digest
                connection.execute(LOGIN_SESSIONS.update().where(where).values(seen_at=now))
        return SignedIn(Account(row.id, row.name, row.role), token, csrf_of(token), row.expires_at)

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            where = LOGIN_SESSIONS.c.sha256 == hashed(token)
            connection.execute(LOGIN_SESSIONS.delete().where(where))

    def begin(self, connection: Connection, account: Account) -> SignedIn:
        """A new session of an account, in the transaction that lets it in."""
        now, token = self._clock(), new_secret()
        expires_at = now + SESSION_MS
        stale = sa.or_(
            LOGIN_SESSIONS.c.expires_at <= now, LOGIN_SESSIONS.c.seen_at <= now - IDLE_MS
        )
        connection.execute(LOGIN_SESSIONS.delete().where(stale))
        connection.execute(
            LOGIN_SESSIONS.insert().values(
                sha256=hashed(token),
                account=account.id,
                created_at=now,
                seen_at=now,
                expires_at=expires_at,
            )
        )
        return SignedIn(account, token, csrf_of(token), expires_at)

    # -- parts

    def _matches(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password[: MAX_PASSWORD_CHARS + 1])
        except (VerificationError, InvalidHashError):
            return False


def csrf_of(token: str) -> str:
    """The word that a page of this session must say with each write."""
    return hmac.new(token.encode(), b"qianmian:csrf", hashlib.sha256).hexdigest()


def check_name(name: str) -> None:
    """A name is an id: 1 to 128 characters, none of control, no space at either end.

    Raises: InputError
    """
    if id_problem(name) or name != name.strip():
        raise InputError("a name has 1 to 128 characters and no space at either end")


def check_password(password: str, name: str) -> None:
    """A password has 10 to 256 characters and is not the name; no other rule helps.

    Raises: InputError
    Sources: NIST SP 800-63B-4 (2025), section 3.1.1.
    """
    if not MIN_PASSWORD_CHARS <= len(password) <= MAX_PASSWORD_CHARS:
        raise InputError(f"a password has {MIN_PASSWORD_CHARS} to {MAX_PASSWORD_CHARS} characters")
    if password.casefold() == name.casefold():
        raise InputError("the password must not be the name")


def check_role(role: str) -> None:
    """One of `ROLES`.

    Raises: InputError
    """
    if role not in ROLES:
        raise InputError(f'"{role[:40]}" is no role; use one of {", ".join(ROLES)}')


def _count(connection: Connection) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(ACCOUNTS)).scalar_one())


def insert_account(
    connection: Connection, name: str, role: str, password_hash: str, now: int
) -> Account:
    """A new account, in somebody's transaction.

    Raises: Conflict when the name is taken, in any spelling.
    """
    account = Account(new_id(), name, role)
    connection.execute(
        ACCOUNTS.insert().values(
            id=account.id,
            name=name,
            folded_name=name.casefold(),
            role=role,
            password_hash=password_hash,
            created_at=now,
        )
    )
    return account


def _subjects(name: str, address: str) -> dict[str, str]:
    folded = hashlib.sha256(name.casefold().encode(errors="replace")).hexdigest()
    return {
        "both": f"both:{folded}:{address[:64]}",
        "address": f"address:{address[:64]}",
        "name": f"name:{folded}",
    }


def _wait_ms(connection: Connection, subjects: dict[str, str], now: int) -> int:
    """How long until one more attempt is allowed; 0 when it is."""
    rows = connection.execute(
        LOGIN_FAILURES.select().where(LOGIN_FAILURES.c.subject.in_(subjects.values()))
    )
    most = {subject: MAX_FAILURES[kind] for kind, subject in subjects.items()}
    waits = [
        row.since + FAILURE_WINDOW_MS - now for row in rows if row.failures >= most[row.subject]
    ]
    return max(0, max(waits, default=0))


def _note_failure(connection: Connection, subjects: dict[str, str], now: int) -> None:
    connection.execute(
        LOGIN_FAILURES.delete().where(LOGIN_FAILURES.c.since <= now - FAILURE_WINDOW_MS)
    )
    for subject in subjects.values():
        values = {"subject": subject, "failures": 1, "since": now}
        counted_up(connection, LOGIN_FAILURES, "subject", values, "failures")
