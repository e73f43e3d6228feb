"""A recording made of rows in the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qianmian.connectors.files import identity_of
from qianmian.runtime.source import Chunk


class FakeRecording:
    """Chunks of `per_chunk` rows; a row with `bad` is a rejection.

    With `ids` the rows keep their own message ids; without, whole rows are compared.
    """

    name = "fake"
    presence = False
    size_bytes = 100

    def __init__(
        self,
        rows: list[dict[str, Any]],
        *,
        per_chunk: int = 2,
        ids: bool = False,
        currency: str | None = "CNY",
    ) -> None:
        self.rows, self.per_chunk, self.ids, self.currency = rows, per_chunk, ids, currency

    def chunks(self) -> Iterator[Chunk]:
        for start in range(0, len(self.rows), self.per_chunk):
            chunk = Chunk(bytes_read=start)
            for line, row in enumerate(self.rows[start : start + self.per_chunk], start + 1):
                if "bad" in row:
                    chunk.refuse(line, "bad_time", row["bad"])
                elif self.ids:
                    chunk.add(dict(row), line)
                else:
                    chunk.add(row | {"message_id": str(line)}, line, identity_of(repr(row)))
            yield chunk
