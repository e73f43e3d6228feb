"""Dead letters in a SQLite file of their own, which may be thrown away.

Written by one thread, so that who posts rubbish does not make anybody wait for the disk. Bounds: a
letter lives 7 days; all together, and those of one source, have a bound of bytes, beyond which the
oldest go; and when they come faster than they can be written, the newest are dropped and counted.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from qianmian.errors import OperationalError
from qianmian.runtime.dead_letters import KEPT_MS, DeadLetter
from qianmian.storage.sql.database import Database

MOST_BYTES: Final = 256 << 20
SHARE_OF_SOURCE: Final = 4  # one source has at most a quarter: it cannot push the others out
WAITING_LETTERS: Final = 2_000
WAITING_BYTES: Final = 32 << 20
_OVERHEAD_BYTES: Final = 256  # of a row, so that many small ones count too
_METADATA: Final = sa.MetaData()

LETTERS: Final = sa.Table(
    "dead_letters",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("route", sa.String(32), nullable=False),
    sa.Column("code", sa.String(64), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("events", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("viewer", sa.Text),
    sa.Column("room", sa.Text),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Index("ix_dead_letters_source_size", "source", "size"),
    sqlite_autoincrement=True,  # an id is never used again: pages of a list stay right
)


class DeadLetterFile:
    """The `DeadLetters` of a deployment. `close` it, so that what waits is written."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], int],
        *,
        most_bytes: int = MOST_BYTES,
        waiting_bytes: int = WAITING_BYTES,
    ) -> None:
        self._database = database.with_tables(_METADATA)
        self._clock = clock
        self._most_bytes = most_bytes
        self._waiting_most_bytes = waiting_bytes
        self._waiting: queue.Queue[DeadLetter | None] = queue.Queue(WAITING_LETTERS)
        self._lock = threading.Lock()
        self._waiting_bytes = 0
        self.dropped = 0
        self.failed = 0
        self._writer = threading.Thread(target=self._write, name="dead-letters", daemon=True)
        self._writer.start()

    def keep(self, letters: Sequence[DeadLetter]) -> None:
        """Keep these, soon; what cannot wait is dropped and counted."""
        for letter in letters:
            size = _size(letter)
            with self._lock:
                if self._waiting_bytes + size > self._waiting_most_bytes:
                    self.dropped += 1
                    continue
                self._waiting_bytes += size
            try:
                self._waiting.put_nowait(letter)
            except queue.Full:
                with self._lock:
                    self._waiting_bytes -= size
                self.dropped += 1

    def flush(self) -> None:
        """Wait until what was given before is written."""
        self._waiting.join()

    def close(self) -> None:
        """Write what waits, then end."""
        self._waiting.put(None)
        self._writer.join()
        self._database.close()

    def newest(self, *, before: int | None = None, limit: int = 50) -> list[DeadLetter]:
        """Letters with an id below `before`, newest first, that are not older than 7 days."""
        wanted = LETTERS.select().where(LETTERS.c.at > self._clock() - KEPT_MS)
        if before is not None:
            wanted = wanted.where(LETTERS.c.id < before)
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(LETTERS.c.id.desc()).limit(limit))
            return [_letter(row) for row in rows]

    def get(self, letter_id: int) -> DeadLetter | None:
        """One letter."""
        wanted = LETTERS.select().where(
            LETTERS.c.id == letter_id, LETTERS.c.at > self._clock() - KEPT_MS
        )
        with self._database.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _letter(row)

    def remove(self, letter_id: int) -> bool:
        """Drop one; whether it was there."""
        with self._database.write() as connection:
            done = connection.execute(LETTERS.delete().where(LETTERS.c.id == letter_id))
        return done.rowcount == 1

    def forget(self, ids: Sequence[str]) -> int:
        """Drop every letter that holds one of these ids anywhere."""
        return self.drop([one.id for one in self.of(ids)])

    def drop(self, letter_ids: Sequence[int]) -> int:
        """Drop these for good, so that no file holds them any more; how many there were."""
        gone = 0
        with self._database.write() as connection:
            for one in letter_ids:
                gone += connection.execute(LETTERS.delete().where(LETTERS.c.id == one)).rowcount
        if gone:
            self._database.scrub()
        return gone

    def of(self, ids: Sequence[str]) -> list[DeadLetter]:
        """Every letter that holds one of these ids anywhere, oldest first."""
        self.flush()
        wanted = LETTERS.select().where(sa.or_(sa.false(), *map(_held, ids)))
        with self._database.read() as connection:
            rows = connection.execute(wanted.order_by(LETTERS.c.id))
            return [_letter(row) for row in rows]

    @staticmethod
    def holds(letter: DeadLetter, ids: Collection[str]) -> bool:
        """Whether one of these ids stands in a letter, as `of` finds it."""
        body, detail = letter.body.decode(errors="replace"), letter.detail
        ways = {way for one in ids for way in _spelled(one)}
        return letter.viewer in ids or any(way in body or way in detail for way in ways)

    def count(self) -> int:
        """How many are kept."""
        alive = LETTERS.c.at > self._clock() - KEPT_MS
        with self._database.read() as connection:
            counted = sa.select(sa.func.count()).select_from(LETTERS).where(alive)
            return int(connection.execute(counted).scalar_one())

    # -- the writer

    def _write(self) -> None:
        while True:
            letters = self._next()
            try:
                if letters:
                    self._write_down(letters)
            except OperationalError:  # a full disk: the log says so louder than we could
                self.failed += len(letters)
            finally:
                with self._lock:
                    self._waiting_bytes -= sum(map(_size, letters))
                for _ in letters:
                    self._waiting.task_done()
            if not letters:
                self._waiting.task_done()
                return

    def _next(self) -> list[DeadLetter]:
        """The letters that wait, at least one; none at the end."""
        first = self._waiting.get()
        if first is None:
            return []
        letters = [first]
        while len(letters) < WAITING_LETTERS:
            try:
                more = self._waiting.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._waiting.task_done()
                self._waiting.put(None)  # the end comes after these
                break
            letters.append(more)
        return letters

    def _write_down(self, letters: Sequence[DeadLetter]) -> None:
        with self._database.write() as connection:
            connection.execute(LETTERS.insert(), [_values(letter) for letter in letters])
            connection.execute(LETTERS.delete().where(LETTERS.c.at <= self._clock() - KEPT_MS))
            sizes = _sizes(connection)
            for source in {letter.source for letter in letters}:
                most_bytes = self._most_bytes // SHARE_OF_SOURCE
                if sizes.get(source, 0) > most_bytes:
                    _shrink(connection, LETTERS.c.source == source, most_bytes)
                    sizes = _sizes(connection)
            if sum(sizes.values()) > self._most_bytes:
                _shrink(connection, sa.true(), self._most_bytes)


def _held(one: str) -> sa.ColumnElement[bool]:
    """Whether a letter holds an id, as it is or as JSON writes it in ASCII."""
    spelled = _spelled(one)
    found = [sa.func.instr(LETTERS.c.body, way.encode()) > 0 for way in sorted(spelled)]
    found += [sa.func.instr(LETTERS.c.detail, way) > 0 for way in sorted(spelled)]
    return sa.or_(LETTERS.c.viewer == one, *found)


def _spelled(one: str) -> set[str]:
    return {one, json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1]}


def _sizes(connection: Connection) -> dict[str, int]:
    """Bytes by source. Cost: an index holds both, so the letters themselves are not read."""
    counted = sa.select(LETTERS.c.source, sa.func.sum(LETTERS.c.size)).group_by(LETTERS.c.source)
    return {source: int(size) for source, size in connection.execute(counted)}


def _shrink(connection: Connection, which: sa.ColumnElement[bool], most_bytes: int) -> None:
    """Drop the oldest of these letters until the rest fits, with a tenth to spare."""
    running = sa.func.sum(LETTERS.c.size).over(order_by=LETTERS.c.id.desc()).label("running")
    newest_first = sa.select(LETTERS.c.id, running).where(which).subquery()
    too_old = sa.select(newest_first.c.id).where(newest_first.c.running > most_bytes * 9 // 10)
    connection.execute(LETTERS.delete().where(LETTERS.c.id.in_(too_old)))


def _size(letter: DeadLetter) -> int:
    return len(letter.body) + len(letter.detail) + _OVERHEAD_BYTES


def _values(letter: DeadLetter) -> dict[str, Any]:
    names = [column.name for column in LETTERS.columns if column.name not in ("id", "size")]
    return {name: getattr(letter, name) for name in names} | {"size": _size(letter)}


def _letter(row: Row[Any]) -> DeadLetter:
    return replace(
        DeadLetter(row.at, row.source, row.route, row.code, row.detail, row.events, row.body),
        viewer=row.viewer,
        room=row.room,
        id=row.id,
    )
