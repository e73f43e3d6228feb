"""Strings as one block of UTF-8 and offsets: as Arrow and the kernels have them.

Python strings are made of it only where somebody asks for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Strings(Sequence[str]):
    """A list of strings that does not change; string i is `data[offsets[i]:offsets[i + 1]]`.

    Shapes: data uint8[n_bytes]; offsets int32[n_strings + 1], not from 0 when it was cut out.
    Cost: 4 bytes and the UTF-8 per string; Python strings of all are made when the first is read.
    """

    __slots__ = ("_texts", "data", "offsets")

    def __init__(self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32]) -> None:
        self.data = data
        self.offsets = offsets
        self._texts: list[str] | None = None

    @classmethod
    def of(cls, values: Sequence[str]) -> Strings:
        """The block of these strings; itself if it is one.

        Raises: UnicodeEncodeError for a lone surrogate.
        """
        return values if isinstance(values, cls) else cls.of_arrow(pa.array(values, pa.string()))

    @classmethod
    def of_arrow(cls, array: pa.Array) -> Strings:
        """The block of a string array without nulls; its bytes are copied, so it can go."""
        first, n = array.offset, len(array)
        _, ends, content = array.buffers()
        if not n or ends is None:
            return cls(np.zeros(0, np.uint8), np.zeros(1, np.int32))
        offsets = np.frombuffer(ends, np.int32)[first : first + n + 1].copy()
        if content is None:  # only empty strings
            return cls(np.zeros(0, np.uint8), offsets)
        data = np.frombuffer(content, np.uint8)[offsets[0] : offsets[-1]].copy()
        return cls(data, offsets - offsets[0])

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> list[str]: ...

    def __getitem__(self, at: int | slice) -> str | list[str]:
        return self.tolist()[at]

    def __iter__(self) -> Iterator[str]:
        return iter(self.tolist())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.tolist() == list(other)

    __hash__ = None  # type: ignore[assignment]  # equal to a list, as unhashable as one

    def __repr__(self) -> str:
        return f"Strings.of({self.tolist()!r})"

    def arrow(self) -> pa.Array:
        """The same as a string array, without a copy."""
        buffers = [None, pa.py_buffer(self.offsets), pa.py_buffer(self.data)]
        return pa.Array.from_buffers(pa.string(), len(self), buffers)

    def tolist(self) -> list[str]:
        """All of them as Python strings; the same list each time."""
        if self._texts is None:
            self._texts = self.arrow().to_pylist()
        return self._texts


def taken(values: Sequence[str], places: npt.NDArray[np.integer[Any]]) -> Sequence[str]:
    """The strings at these places: a block of a block, a list of a list."""
    if isinstance(values, Strings):
        return Strings.of_arrow(values.arrow().take(pa.array(places)))
    return [values[place] for place in places.tolist()]
