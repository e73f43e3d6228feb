"""Names of viewers and other strings of which there are millions: interned without Python strings.

The table is open addressing over the UTF-8 of all names; what is equal is compared byte by byte, no
hash stands for a name. A place holds hash << 32 | code + 1, 0 is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qianmian.columns.dictionary import ABSENT, MAX_STRINGS, REFUSED
from qianmian.columns.strings import Strings
from qianmian.engine.jit import inline, kernel, prefetch
from qianmian.engine.lists import mix
from qianmian.errors import InputError

SPREAD: Final = 0x9E3779B97F4A7C15
LOW: Final = np.uint64(0xFFFFFFFF)
ONE: Final = np.uint64(1)
LEAST_PLACES: Final = 1_024
LEAST_BYTES: Final = 4_096
# strings ahead of which the bytes of the name, its offset and its place in the table are asked for
NEAR: Final = 4
AHEAD: Final = 8
FAR_AHEAD: Final = 12


@inline
def hash_of(data, start, stop):
    """64 bits that depend on every bit of these bytes; whoever tries can make two equal."""
    h = np.uint64(stop - start) * np.uint64(SPREAD)
    at = start
    while at + 8 <= stop:
        word = np.uint64(0)
        for k in range(8):
            word |= np.uint64(data[at + k]) << np.uint64(8 * k)
        h = mix(h ^ word)
        at += 8
    word = np.uint64(0)
    for k in range(stop - at):
        word |= np.uint64(data[at + k]) << np.uint64(8 * k)
    return mix(h ^ word)


@inline
def is_name(B, O, code, data, start, stop):
    """Whether these bytes are the name of the code."""
    first = O[code]
    if O[code + 1] - first != stop - start:
        return False
    for k in range(stop - start):
        if B[first + k] != data[start + k]:
            return False
    return True


@inline
def ask_ahead(T, B, O, hashes, i):
    """Ask for the memory that the next strings will touch."""
    mask = np.uint64(len(T) - 1)
    if i + FAR_AHEAD < len(hashes):
        prefetch(T, np.int64(hashes[i + FAR_AHEAD] & mask) * 8)
    if i + AHEAD < len(hashes):
        entry = T[hashes[i + AHEAD] & mask]
        if entry:
            prefetch(O, np.int64((entry & LOW) - ONE) * 8)
    if i + NEAR < len(hashes):
        entry = T[hashes[i + NEAR] & mask]
        if entry:
            prefetch(B, O[np.int64((entry & LOW) - ONE)])


@kernel
def intern_block(data, offsets, which, hashes, T, B, O, N, limit, out):
    """Codes of the strings `which`; new ones get the next while there are fewer than `limit`.

    T, B and O have room for all of them; N[0] is the number of names. Returns how many of the
    strings were refused.
    """
    mask = len(T) - 1
    refused = 0
    for i in range(len(which)):
        h = hash_of(data, np.int64(offsets[which[i]]), np.int64(offsets[which[i] + 1]))
        hashes[i] = h >> np.uint64(32)
    for i in range(len(which)):
        ask_ahead(T, B, O, hashes, i)
        start = np.int64(offsets[which[i]])
        stop = np.int64(offsets[which[i] + 1])
        h = hashes[i]
        at = np.int64(h & np.uint64(mask))
        code = np.int64(REFUSED)
        while True:
            entry = T[at]
            if entry == 0:
                break
            if entry >> np.uint64(32) == h:
                named = np.int64((entry & LOW) - ONE)
                if is_name(B, O, named, data, start, stop):
                    code = named
                    break
            at = (at + 1) & mask
        if code < 0 and N[0] < limit:
            code = N[0]
            first = O[code]
            for k in range(stop - start):
                B[first + k] = data[start + k]
            O[code + 1] = first + stop - start
            T[at] = h << np.uint64(32) | np.uint64(code + 1)
            N[0] = code + 1
        elif code < 0:
            refused += 1
        out[i] = code
    return refused


@kernel
def hash_names(data, offsets, out):
    """The short hash of every string."""
    for i in range(len(out)):
        out[i] = hash_of(data, np.int64(offsets[i]), np.int64(offsets[i + 1]))


def short_hashes(values: Strings) -> npt.NDArray[np.uint64]:
    """A quick hash of each string, where nobody gains by making two of them equal.

    Shapes: -> uint64[n_strings]
    """
    out = np.empty(len(values), np.uint64)
    hash_names(values.data, values.offsets, out)
    return out


@kernel
def refill_names(old, T):
    """Put the entries of a smaller table into an empty one."""
    mask = len(T) - 1
    for k in range(len(old)):
        if old[k]:
            at = np.int64(old[k] >> np.uint64(32)) & mask
            while T[at]:
                at = (at + 1) & mask
            T[at] = old[k]


class Interner:
    """As `columns.dictionary.Dictionary`, for millions of strings that come by the column.

    `texts` and `offsets` are the UTF-8 of all names, for kernels that compare them.

    Cost: about 30 bytes and the UTF-8 per name; 50 ns per look-up of a column, 5 µs per single one.
    """

    def __init__(self, limit: int, values: Sequence[str] = ()) -> None:
        if not 0 < limit <= MAX_STRINGS:
            raise InputError(f"a dictionary of {limit} strings; the limit must be 1 to 2^31 - 1")
        self.limit = limit
        self.refused = 0
        self.texts = np.zeros(LEAST_BYTES, np.uint8)
        self.offsets = np.zeros(LEAST_PLACES + 1, np.int64)
        self._places = np.zeros(2 * LEAST_PLACES, np.uint64)
        self._count = np.zeros(1, np.int64)
        codes = self.intern_many(values)
        if self.refused or len(self) != len(codes):
            raise InputError("a dictionary was restored from repeated or too many strings")

    def __len__(self) -> int:
        return int(self._count[0])

    def __contains__(self, value: str) -> bool:
        return self.code(value) >= 0

    def code(self, value: str) -> int:
        """The code of a string if it has one, else `ABSENT`; interns nothing."""
        return int(self.codes([value])[0])

    def codes(self, values: Sequence[str]) -> npt.NDArray[np.int32]:
        """The codes of strings as far as they have one, else `ABSENT`; interns nothing.

        Shapes: -> int32[n_strings]
        """
        return np.maximum(self._intern(Strings.of(values), None, len(self)), ABSENT)

    def value(self, code: int) -> str | None:
        """The string of a code; None for `ABSENT` and `REFUSED`."""
        if code < 0:
            return None
        return str(self.texts[self.offsets[code] : self.offsets[code + 1]].data, "utf-8")

    def values(self, codes: Iterable[int]) -> list[str | None]:
        """The strings of many codes; None for `ABSENT` and `REFUSED`."""
        texts, offsets = self.texts.data, self.offsets
        chosen = np.fromiter(codes, np.int64)
        starts, ends = offsets[chosen].tolist(), offsets[chosen + 1].tolist()
        return [
            None if code < 0 else str(texts[start:end], "utf-8")
            for code, start, end in zip(chosen.tolist(), starts, ends, strict=True)
        ]

    def rename(self, value: str, new: str) -> bool:
        """Call a code otherwise; whether it was there. The old name is nowhere any more.

        Raises: InputError when the new name is another's.
        Cost: moves the bytes of all names behind it.
        """
        code = self.code(value)
        if code < 0:
            return False
        if new in self:
            raise InputError(f'"{new}" is the name of another')
        first, last = int(self.offsets[code]), int(self.offsets[code + 1])
        told = np.frombuffer(new.encode(), np.uint8)
        used, n, more = int(self.offsets[len(self)]), len(self), len(told) - (last - first)
        self._reserve(1, max(more, 0))
        texts = np.zeros(len(self.texts), np.uint8)  # a copy: the old bytes are in no spare part
        texts[:first] = self.texts[:first]
        texts[first : first + len(told)] = told
        texts[last + more : used + more] = self.texts[last:used]
        offsets = self.offsets.copy()
        offsets[code + 1 : n + 1] += more
        self.texts, self.offsets = texts, offsets
        h = short_hashes(Strings.of([new]))[0] >> np.uint64(32)
        mask = len(self._places) - 1
        at = int(h) & mask  # the place of the old name stays: it leads to bytes that differ
        while self._places[at]:
            at = (at + 1) & mask
        self._places[at] = h << np.uint64(32) | np.uint64(code + 1)
        return True

    def intern(self, value: str) -> int:
        """The code of a string, a new one if there is room, else `REFUSED`."""
        return int(self.intern_many([value])[0])

    def intern_many(
        self, values: Sequence[str], which: npt.NDArray[np.integer[Any]] | None = None
    ) -> npt.NDArray[np.int32]:
        """The codes of strings, or of those at `which`, in their order.

        Shapes: -> int32[n_strings]
        Raises: UnicodeEncodeError for a lone surrogate.
        """
        return self._intern(Strings.of(values), which, self.limit)

    def _intern(
        self, values: Strings, which: npt.NDArray[np.integer[Any]] | None, limit: int
    ) -> npt.NDArray[np.int32]:
        chosen = np.arange(len(values)) if which is None else which.astype(np.int64)
        self._reserve(len(chosen), len(values.data))
        out = np.empty(len(chosen), np.int32)
        refused = intern_block(
            values.data,
            values.offsets,
            chosen,
            np.empty(len(chosen), np.uint64),
            self._places,
            self.texts,
            self.offsets,
            self._count,
            limit,
            out,
        )
        if limit == self.limit:
            self.refused += int(refused)
        return out

    def _reserve(self, strings: int, n_bytes: int) -> None:
        n = len(self)
        if n + strings >= len(self.offsets):
            self.offsets = _grown(self.offsets, 2 * (n + strings))
        used = int(self.offsets[n])
        if used + n_bytes > len(self.texts):
            self.texts = _grown(self.texts, 2 * (used + n_bytes))
        size = len(self._places)
        while (n + strings) * 2 > size:
            size *= 2
        if size > len(self._places):
            old, self._places = self._places, np.zeros(size, np.uint64)
            refill_names(old, self._places)

    @property
    def nbytes(self) -> int:
        """Bytes in use: names, offsets, and the table."""
        n = len(self)
        return int(self.offsets[n]) + 8 * (n + 1) + self._places.nbytes

    def snapshot(self) -> list[str]:
        """The strings in order of their codes; `Interner(limit, snapshot)` is equal to this."""
        return [str(value) for value in self.values(range(len(self)))]


def _grown(array: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    """A longer array that begins with this one."""
    longer = np.zeros(size, array.dtype)
    longer[: len(array)] = array
    return longer
