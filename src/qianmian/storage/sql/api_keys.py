"""Keys of programs for the management interface: each has a role, and works until it is revoked.

A key is `qmm_` + its id + `_` + 256 random bits; it is kept as its SHA-256 and shown once, when it
is made. What it may do is said by its role, as for an account.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from qianmian.errors import InputError
from qianmian.storage.sql.accounts import check_name
from qianmian.storage.sql.audit import Actor, AuditTrail
from qianmian.storage.sql.database import Database
from qianmian.storage.sql.secrets import hashed, new_id, new_secret
from qianmian.storage.sql.tables import API_KEYS
from qianmian.vocabulary.time import MINUTE_MS

PREFIX: Final = "qmm"
KEY_ROLES: Final = ("lead", "operator", "service", "reader")
"""A key cannot be an owner: what makes accounts and keys must be a person who signs in."""

USED_EVERY_MS: Final = MINUTE_MS  # a read per request must not be a write per request
_NO_KEY: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as lists show it. Units: ms UTC."""

    id: str
    name: str
    role: str
    created_at: int
    used_at: int | None
    revoked_at: int | None

    @property
    def prefix(self) -> str:
        """Its public part."""
        return f"{PREFIX}_{self.id}"

    @property
    def actor(self) -> Actor:
        """As the audit names it."""
        return Actor("key", self.id, self.name)


class ApiKeyStore:
    """The keys of a deployment.

    Raises (every method): OperationalError when the database cannot be used.
    """

    def __init__(self, database: Database, clock: Callable[[], int]) -> None:
        self._database = database
        self._clock = clock
        self._audit = AuditTrail(database, clock)

    def all(self) -> list[ApiKey]:
        """Every key, newest first."""
        newest = API_KEYS.select().order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.id)
        with self._database.read() as connection:
            return [_key(row) for row in connection.execute(newest)]

    def create(self, name: str, role: str, *, by: Actor) -> tuple[ApiKey, str]:
        """A new key: as lists show it, and the key itself, which is never shown again.

        Raises: InputError for a name or role that cannot be.
        """
        check_name(name)
        if role not in KEY_ROLES:
            raise InputError(f'a key cannot be "{role[:40]}"; use one of {", ".join(KEY_ROLES)}')
        made = ApiKey(new_id(), name, role, self._clock(), None, None)
        secret = f"{made.prefix}_{new_secret()}"
        with self._database.write() as connection:
            connection.execute(
                API_KEYS.insert().values(
                    id=made.id,
                    name=name,
                    role=role,
                    sha256=hashed(secret),
                    created_at=made.created_at,
                )
            )
            told = {"name": name, "role": role}
            self._audit.append(connection, by, "api_key.created", made.id, after=told)
        return made, secret

    def revoke(self, key_id: str, *, by: Actor) -> bool:
        """End a key; whether it was valid until now."""
        with self._database.write() as connection:
            done = connection.execute(
                API_KEYS.update()
                .where(API_KEYS.c.id == key_id, API_KEYS.c.revoked_at.is_(None))
                .values(revoked_at=self._clock())
            )
            if done.rowcount == 1:
                query = sa.select(API_KEYS.c.name).where(API_KEYS.c.id == key_id)
                told = {"name": connection.execute(query).scalar_one()}
                self._audit.append(connection, by, "api_key.revoked", key_id, before=told)
        return done.rowcount == 1

    def by_key(self, secret: str) -> ApiKey | None:
        """The key that this text is; None for every other text. Being used is noted."""
        parts = secret.split("_", 2)
        key_id = parts[1] if len(parts) == 3 and parts[0] == PREFIX else ""
        with self._database.read() as connection:
            row = connection.execute(
                API_KEYS.select().where(API_KEYS.c.id == key_id, API_KEYS.c.revoked_at.is_(None))
            ).one_or_none()
        is_right = hmac.compare_digest(hashed(secret), _NO_KEY if row is None else row.sha256)
        if row is None or not is_right:
            return None
        now = self._clock()
        if row.used_at is None or now >= row.used_at + USED_EVERY_MS:
            with self._database.write() as connection:
                where = API_KEYS.c.id == key_id
                connection.execute(API_KEYS.update().where(where).values(used_at=now))
        return _key(row)


def _key(row: object) -> ApiKey:
    names = ("id", "name", "role", "created_at", "used_at", "revoked_at")
    return ApiKey(*(getattr(row, name) for name in names))
