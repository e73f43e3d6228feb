"""Who was erased and must not come back: known by keyed hashes, so that no list of ids is kept.

Decision record 0027. The hash of an id cannot be turned back, and cannot be tried out by whoever
has the list but not the secret of the installation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from qianmian.columns.batch import EventBatch
from qianmian.columns.erasure import ID_FIELDS
from qianmian.vocabulary.ids import MAX_ID_CHARS, anonymous, apart

MARK_BYTES: Final = 16
_PURPOSE: Final = b"qm-erased"


class Refusals:
    """Marks of erased viewers.

    Args:
        secret: of the installation, at least 32 bytes.
        namespace: of the viewers.
        marks: of those who have been erased.

    Cost: nothing while nobody was erased, else about 1 µs per distinct id of a batch.
    """

    def __init__(self, secret: bytes, namespace: str, marks: Iterable[bytes] = ()) -> None:
        self._key = hashlib.blake2b(secret, person=_PURPOSE, digest_size=32).digest()
        self._namespace = namespace
        self._marks = set(marks)

    def __len__(self) -> int:
        return len(self._marks)

    def mark_of(self, viewer: str) -> bytes:
        """The mark of an id, known or anonymous (with its prefix)."""
        told = f"{self._namespace}\x1f{viewer}".encode()
        return hashlib.blake2b(told, key=self._key, digest_size=MARK_BYTES).digest()

    def add(self, marks: Iterable[bytes]) -> None:
        """Refuse these from now on."""
        self._marks.update(marks)

    def has(self, viewer: str | None) -> bool:
        """Whether this viewer was erased."""
        return bool(self._marks) and viewer is not None and self.mark_of(viewer) in self._marks

    def has_row(self, viewer: object, anonymous_id: object) -> bool:
        """Whether an event of these ids, as a client gives them, is of somebody erased."""
        if not self._marks:
            return False
        known = self.has(viewer) if isinstance(viewer, str) else False
        is_text = isinstance(anonymous_id, str)
        return known or (is_text and self.has(anonymous(str(anonymous_id))))

    def in_json(self, raw: bytes, prefix: str = "") -> bool:
        """Whether the id of somebody erased is a value anywhere in a JSON text.

        Args:
            prefix: of the ids of the source that sent it.

        False for a text that cannot be read: nobody can say whose it is.
        """
        if not self._marks:
            return False
        try:
            waiting = [msgspec.json.decode(raw)]
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return False
        while waiting:
            one = waiting.pop()
            if isinstance(one, dict):
                waiting += one.values()
            elif isinstance(one, list):
                waiting += one
            elif isinstance(one, str | int) and self._has_spelled(str(one), prefix):
                return True
        return False

    def _has_spelled(self, value: str, prefix: str) -> bool:
        if len(value) > MAX_ID_CHARS + 1:
            return False
        named = apart(value, prefix)
        return self.has(named) or self.has(anonymous(named))

    def in_batch(self, batch: EventBatch) -> bool:
        """Whether somebody who was erased is in a batch."""
        if not self._marks:
            return False
        columns = [batch.strings[name] for name in ID_FIELDS if name in batch.strings]
        return any(self.has(viewer) for column in columns for viewer in column.values)
