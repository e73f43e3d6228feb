"""The stable hash of `vocabulary.ids.hash64` for whole columns of UTF-8.

BLAKE2b without a key, digest of 8 bytes: one call of a C library costs a microsecond per string,
most of it around the call; this costs a fifth, and gives the same number.

Sources: RFC 7693.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from qianmian.columns.strings import Strings
from qianmian.engine.jit import inline, kernel

BLOCK: Final = 128
FIRST: Final = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
SCHEDULE: Final = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    np.int64,
)
SHORT_DIGEST: Final = 0x01010008
"""The parameter block of a digest of 8 bytes without a key."""


@inline
def turned(x, n):
    """The word with its bits turned right by n."""
    return (x >> np.uint64(n)) | (x << np.uint64(64 - n))


@inline
def stirred(a, b, c, d, x, y):
    """The mixing function G."""
    a = a + b + x
    d = turned(d ^ a, 32)
    c = c + d
    b = turned(b ^ c, 24)
    a = a + b + y
    d = turned(d ^ a, 16)
    c = c + d
    b = turned(b ^ c, 63)
    return a, b, c, d


@inline
def compress(H, M, length, last):
    """The compression function F over the block in M."""
    v0, v1, v2, v3, v4, v5, v6, v7 = H[0], H[1], H[2], H[3], H[4], H[5], H[6], H[7]
    v8, v9, v10, v11 = FIRST[0], FIRST[1], FIRST[2], FIRST[3]
    v12, v13, v14, v15 = FIRST[4] ^ length, FIRST[5], FIRST[6] ^ last, FIRST[7]
    for r in range(12):
        v0, v4, v8, v12 = stirred(v0, v4, v8, v12, M[SCHEDULE[r, 0]], M[SCHEDULE[r, 1]])
        v1, v5, v9, v13 = stirred(v1, v5, v9, v13, M[SCHEDULE[r, 2]], M[SCHEDULE[r, 3]])
        v2, v6, v10, v14 = stirred(v2, v6, v10, v14, M[SCHEDULE[r, 4]], M[SCHEDULE[r, 5]])
        v3, v7, v11, v15 = stirred(v3, v7, v11, v15, M[SCHEDULE[r, 6]], M[SCHEDULE[r, 7]])
        v0, v5, v10, v15 = stirred(v0, v5, v10, v15, M[SCHEDULE[r, 8]], M[SCHEDULE[r, 9]])
        v1, v6, v11, v12 = stirred(v1, v6, v11, v12, M[SCHEDULE[r, 10]], M[SCHEDULE[r, 11]])
        v2, v7, v8, v13 = stirred(v2, v7, v8, v13, M[SCHEDULE[r, 12]], M[SCHEDULE[r, 13]])
        v3, v4, v9, v14 = stirred(v3, v4, v9, v14, M[SCHEDULE[r, 14]], M[SCHEDULE[r, 15]])
    H[0] ^= v0 ^ v8
    H[1] ^= v1 ^ v9
    H[2] ^= v2 ^ v10
    H[3] ^= v3 ^ v11
    H[4] ^= v4 ^ v12
    H[5] ^= v5 ^ v13
    H[6] ^= v6 ^ v14
    H[7] ^= v7 ^ v15


@kernel
def hash_block(data, offsets, which, H, M, out):
    """The hash of each of the strings `which`; H uint64[8] and M uint64[16] are scratch."""
    for i in range(len(which)):
        start = np.int64(offsets[which[i]])
        size = np.int64(offsets[which[i] + 1]) - start
        for k in range(8):
            H[k] = FIRST[k]
        H[0] ^= np.uint64(SHORT_DIGEST)
        done = np.int64(0)
        while True:
            part = min(size - done, BLOCK)
            for k in range(16):
                word = np.uint64(0)
                at = 8 * k
                if at + 8 <= part:
                    for b in range(8):
                        word |= np.uint64(data[start + done + at + b]) << np.uint64(8 * b)
                else:
                    for b in range(part - at):
                        word |= np.uint64(data[start + done + at + b]) << np.uint64(8 * b)
                M[k] = word
            done += part
            if done < size:
                compress(H, M, np.uint64(done), np.uint64(0))
            else:
                compress(H, M, np.uint64(done), ~np.uint64(0))
                break
        out[i] = H[0]


def hash64_of(
    values: Strings, which: npt.NDArray[np.integer[Any]] | None = None
) -> npt.NDArray[np.uint64]:
    """The hash of each string, or of those at `which`.

    Shapes: -> uint64[n_strings]
    """
    chosen = np.arange(len(values)) if which is None else which.astype(np.int64)
    out = np.empty(len(chosen), np.uint64)
    hash_block(
        values.data, values.offsets, chosen, np.empty(8, np.uint64), np.empty(16, np.uint64), out
    )
    return out
