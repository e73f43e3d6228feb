"""Random names and secrets, and what is kept of a secret: its SHA-256.

A secret here has 256 random bits, so a plain hash is enough: there is nothing to guess. Passwords,
which people make up, go through argon2 (`accounts.py`).
"""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_id() -> str:
    """A short random name: 8 letters and digits."""
    return base64.b32encode(secrets.token_bytes(5)).decode().lower()


def new_secret() -> str:
    """256 random bits as 43 characters of a URL."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()
