r"""The bytes of a segment: one header, then records without gaps. Little-endian.

Header, 128 bytes: "QMLOG\r\n\x1a" · version u16 · header bytes u16 · shard u32 · first offset u64 ·
first offset of the segment before u64 (2^64-1: none) · clock before i64 (-1: none) ·
generation u32 · length of the namespace u16 · namespace, 64 bytes · zeros · crc u32.

Record, 40 bytes and a payload that is filled up with zeros to a multiple of 8: "QREC" · crc u32 ·
crc of the record before (of the header for the first) u32 · payload bytes u32 · offset u64 ·
clock i64 · behind u32 · kind u16 · zero u16. The crc is that of everything after it, without the
filling. `behind` says how many messages before this one were not yet durable when it was written:
a record proves that those before its durable offset had been acknowledged.

Sources: CRC-32C (Castagnoli), RFC 3720 §12.1.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import google_crc32c
import pyarrow as pa

from qianmian.errors import LogProblem

MAGIC: Final = b"QMLOG\r\n\x1a"
VERSION: Final = 1
RECORD_MAGIC: Final = b"QREC"
MAX_PAYLOAD_BYTES: Final = 1 << 30
ALIGNMENT: Final = 8  # Arrow reads numbers in place where they are aligned
NOTHING_BEFORE: Final = (1 << 64) - 1
NO_CLOCK: Final = -1

_HEADER: Final = struct.Struct("<8sHHIQQqIH64s14xI")
_HEADER_HEAD: Final = struct.Struct("<8sHHIQQqIH64s14x")
_RECORD: Final = struct.Struct("<4sIIIQqIHH")
_CHECKED: Final = struct.Struct("<IIQqIHH")  # a record header from where its crc begins
_CRC_ENDS: Final = _RECORD.size - _CHECKED.size
HEADER_BYTES: Final = _HEADER.size
RECORD_BYTES: Final = _RECORD.size


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says of itself.

    Attributes:
        previous: first offset of the segment before, None in the very first one.
        clock_before: clock of the last message before the segment, -1 if there was none.
        generation: how often the segment has been written again.
    """

    first_offset: int
    namespace: str
    shard: int = 0
    previous: int | None = None
    clock_before: int = NO_CLOCK
    generation: int = 0

    def to_bytes(self) -> bytes:
        """The first bytes of the file."""
        name = self.namespace.encode()
        head = _HEADER_HEAD.pack(
            MAGIC,
            VERSION,
            HEADER_BYTES,
            self.shard,
            self.first_offset,
            NOTHING_BEFORE if self.previous is None else self.previous,
            self.clock_before,
            self.generation,
            len(name),
            name,
        )
        return head + struct.pack("<I", google_crc32c.value(head))


def read_header(data: bytes) -> Header:
    """The header at the beginning of these bytes.

    Raises: LogProblem when it is none, is damaged, or is of another version.
    """
    if len(data) < HEADER_BYTES or not data.startswith(MAGIC):
        raise LogProblem("it does not begin as a segment of a log does")
    values = _HEADER.unpack_from(data)
    if values[1] != VERSION:
        raise LogProblem(f"it has version {values[1]}, this release reads version {VERSION}")
    if google_crc32c.value(data[: _HEADER_HEAD.size]) != values[-1]:
        raise LogProblem("its header is damaged")
    _, _, _, shard, first, previous, clock, generation, length, name, _ = values
    return Header(
        first_offset=first,
        namespace=name[:length].decode(),
        shard=shard,
        previous=None if previous == NOTHING_BEFORE else previous,
        clock_before=clock,
        generation=generation,
    )


def header_crc(data: bytes) -> int:
    """What the first record has as the crc before it."""
    return int.from_bytes(data[_HEADER_HEAD.size : HEADER_BYTES], "little")


@dataclass(frozen=True, slots=True)
class Record:
    """One record, whose crc is right.

    Attributes:
        crc: its own, which the next record repeats.
        before: the crc of the record before.
        durable_offset: everything below it was durable when this record was written.
        size_bytes: all of it, with header and filling.
    """

    offset: int
    clock: int
    kind: int
    payload: pa.Buffer
    crc: int
    before: int
    durable_offset: int
    size_bytes: int


def record_bytes(
    offset: int, clock: int, kind: int, payload: bytes | pa.Buffer, *, before: int, durable: int
) -> tuple[bytes, int]:
    """A record and its crc.

    Args:
        before: the crc of the record before it.
        durable: everything below this offset is durable now.
    """
    held = memoryview(payload)
    behind = min(offset - durable, (1 << 32) - 1)
    checked = _CHECKED.pack(before, held.nbytes, offset, clock, behind, kind, 0)
    crc = google_crc32c.extend(google_crc32c.value(checked), payload)
    filling = bytes(-held.nbytes % ALIGNMENT)
    return b"".join((RECORD_MAGIC, struct.pack("<I", crc), checked, held, filling)), crc


def record_size(data: pa.Buffer, position: int) -> int | None:
    """Bytes of the record that begins here, as its header has it; None where none begins."""
    if data.size - position < RECORD_BYTES:
        return None
    magic, _, _, length, *_ = _RECORD.unpack_from(data, position)
    if magic != RECORD_MAGIC or length > MAX_PAYLOAD_BYTES:
        return None
    return int(RECORD_BYTES + length + -length % ALIGNMENT)


def read_record(data: pa.Buffer, position: int) -> Record | None:
    """The record that begins here; None when there is none, or it is not whole or not intact."""
    size = record_size(data, position)
    if size is None or data.size - position < size:
        return None
    _, crc, before, length, offset, clock, behind, kind, _ = _RECORD.unpack_from(data, position)
    checked = data.slice(position + _CRC_ENDS, RECORD_BYTES - _CRC_ENDS + length)
    if google_crc32c.value(checked) != crc:
        return None
    payload = data.slice(position + RECORD_BYTES, length)
    return Record(offset, clock, kind, payload, crc, before, offset - behind, size)
