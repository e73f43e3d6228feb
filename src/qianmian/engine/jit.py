"""The one door to Numba: typed decorators, and two machine instructions that NumPy lacks."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])

config: Any = numba.config  # a module that makes its names when it is imported


def sources_hash() -> str:
    """A short hash of every source file whose code may end up in a kernel."""
    here = Path(__file__).parent
    content = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    return hashlib.blake2b(content, digest_size=6).hexdigest()


def cache_folder() -> Path:
    """Where machine code is kept.

    Numba notices a change only in the file of the kernel itself, not in the files of what is
    compiled into it; so the folder's name carries the hash of all of them.
    """
    name = f"kernels-{sources_hash()}"
    beside = Path(__file__).parent / "__pycache__"
    writable = os.access(beside if beside.exists() else beside.parent, os.W_OK)
    base = Path(config.CACHE_DIR) if config.CACHE_DIR else beside
    if not config.CACHE_DIR and not writable:
        base = private_folder()
    return base / name


def private_folder() -> Path:
    """A folder that nobody else can write: what is in it is loaded as code.

    The user's cache folder, or, where there is none, one for this process alone.
    """
    kept = Path.home() / ".cache" / "qianmian"
    try:
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="qianmian-"))
    is_mine = kept.stat().st_uid == os.getuid() and kept.stat().st_mode & 0o022 == 0
    return kept if is_mine else Path(tempfile.mkdtemp(prefix="qianmian-"))


CACHE_FOLDER = cache_folder()
config.CACHE_DIR = str(CACHE_FOLDER)

INNER: dict[str, Any] = {
    "error_model": "numpy",
    "no_cpython_wrapper": True,  # never called from Python: saves a third of the compile time
    "no_cfunc_wrapper": True,
    "_nrt": False,  # nothing is allocated inside, so no array needs its references counted
}


def kernel(function: F) -> F:
    """Compile once, keep the machine code on disk, release the interpreter lock."""
    return cast(F, njit(nogil=True, cache=True, error_model="numpy")(function))


def inline(function: F) -> F:
    """Compile into the caller: a call would copy hundreds of words of array headers."""
    return cast(F, njit(forceinline=True, **INNER)(function))


def routine(function: F) -> F:
    """Compile as a function of its own: what happens rarely may well cost a call."""
    return cast(F, njit(**INNER)(function))


if config.DISABLE_JIT:  # the interpreter runs as plain Python, for coverage and for debugging

    def lowest_bit(word: int) -> int:
        """Position of the lowest set bit of a non-zero word."""
        value = int(word)
        return (value & -value).bit_length() - 1

    def prefetch(array: object, byte: int) -> None:
        """Nothing: there is no cache to warm."""

else:

    @intrinsic
    def lowest_bit(typingctx: Any, word: Any) -> Any:
        """Position of the lowest set bit of a non-zero word (one instruction)."""

        def generate(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
            return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

        return types.int64(types.uint64), generate

    @intrinsic
    def prefetch(typingctx: Any, array: Any, byte: Any) -> Any:
        """Ask for the cache line that holds `byte` of the array, to be written soon."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            made = context.make_array(signature.args[0])(context, builder, args[0])
            start = builder.bitcast(made.data, ir.IntType(8).as_pointer())
            place = builder.gep(start, [args[1]])
            word = ir.IntType(32)
            call = builder.module.declare_intrinsic(
                "llvm.prefetch",
                [ir.IntType(8).as_pointer()],
                ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), word, word, word]),
            )
            builder.call(call, [place, word(0), word(3), word(1)])
            return context.get_dummy_value()

        return types.void(array, types.int64), generate
