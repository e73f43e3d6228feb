"""The secret of a deployment: 32 random bytes in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from qianmian.errors import OperationalError

SECRET_BYTES: Final = 32


def read_or_make(path: Path) -> bytes:
    """The secret in this file; made, durably, when there is none yet.

    Raises: OperationalError when it cannot be read or written, or is not ours.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        secret = path.read_bytes()
    except OSError as exc:
        raise OperationalError(f"the secret in {path} cannot be used: {exc.strerror}") from exc
    if len(secret) != SECRET_BYTES:
        raise OperationalError(
            f"{path} has {len(secret)} bytes and should have {SECRET_BYTES}; restore it, or remove"
            " it: then issued anonymous ids and viewer tokens end"
        )
    return secret


def _make(path: Path) -> None:
    """Write a new secret under another name first: nobody ever sees half of one."""
    if path.exists():
        return
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(SECRET_BYTES))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(fresh, path)  # fails if another process was first: then its secret holds
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
