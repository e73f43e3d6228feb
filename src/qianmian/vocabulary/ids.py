"""Ids: who and what, in which namespace, and on which shard.

An id is 1 to 128 characters without control characters. A viewer is known by the id that the shop
gave, or anonymous by an id of a client; the one viewer column holds both, the anonymous with the
prefix "?", which a known id may therefore not begin with.

An id of another namespace than the deployment's is written `@NAMESPACE/ID` everywhere behind the
door (anonymous: `?@NAMESPACE/ID`), so that equal ids of two platforms are two viewers.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from qianmian.errors import InputError

DEFAULT_NAMESPACE: Final = "default"
ANONYMOUS_PREFIX: Final = "?"
MAX_ID_CHARS: Final = 128
MAX_SHARDS: Final = 1 << 15

# C0, DEL, C1, and lone surrogates, which no file or wire format can carry.
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAMESPACE: Final = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,63}")
_APART: Final = re.compile(r"\??(@[a-z0-9][a-z0-9_.:-]{0,63}/)(.*)", re.DOTALL)


def anonymous(client_id: str) -> str:
    """The viewer id of an anonymous client id."""
    return client_id if client_id.startswith(ANONYMOUS_PREFIX) else ANONYMOUS_PREFIX + client_id


def is_anonymous(viewer: str) -> bool:
    """Whether this viewer id stands for an unknown person."""
    return viewer.startswith(ANONYMOUS_PREFIX)


def id_problem(value: str) -> str | None:
    """What is wrong with an id, as a reason code; None when nothing is."""
    if not value:
        return "id_empty"
    if len(value) > MAX_ID_CHARS:
        return "id_too_long"
    return "id_characters" if _FORBIDDEN.search(value) else None


def viewer_problem(value: str) -> str | None:
    """What is wrong with the id of a known viewer, as a reason code; None when nothing is."""
    return "id_reserved" if is_anonymous(value) else id_problem(value)


def check_namespace(name: str) -> str:
    """The namespace, if it is one: lower-case letters, digits and ``_ . : -``, at most 64.

    Raises: InputError when it is not.
    """
    if not _NAMESPACE.fullmatch(name):
        raise InputError(
            f'"{name}" is not a namespace; use 1 to 64 of a-z 0-9 _ . : - and begin with a-z or 0-9'
        )
    return name


def prefix_of(namespace: str, home: str = DEFAULT_NAMESPACE) -> str:
    """What ids of a namespace begin with; "" for the deployment's own, and for `default`."""
    return "" if namespace in (DEFAULT_NAMESPACE, home) else f"@{namespace}/"


def apart(client_id: str, prefix: str) -> str:
    """An id as its source gives it, told apart by the prefix of its namespace.

    What begins with "?" stays: no source may give such an id.
    """
    return client_id if not prefix or is_anonymous(client_id) else prefix + client_id


def parts_of(viewer: str) -> tuple[str, str]:
    """The prefix of the namespace ("" for none), and the id as its source gives it."""
    found = _APART.fullmatch(viewer)
    if found is None:
        return "", viewer.removeprefix(ANONYMOUS_PREFIX)
    return found[1], found[2]


def hash64(value: str) -> int:
    """A stable 64-bit hash of a string: the same in every process, version and language.

    Cost: about 1 µs; call it once per unique string.
    Sources: RFC 7693 (BLAKE2b), 8-byte digest, little-endian, over UTF-8.
    """
    return int.from_bytes(hashlib.blake2b(value.encode(), digest_size=8).digest(), "little")


def shard_of(viewer: str, shards: int, *, namespace: str = DEFAULT_NAMESPACE) -> int:
    """The shard of a viewer, 0 <= shard < shards, the same for ever.

    The namespace is part of it, so that equal ids of two platforms are two viewers.
    Raises: InputError unless 1 <= shards <= 32,768.
    """
    if not 1 <= shards <= MAX_SHARDS:
        raise InputError(f"{shards} shards; the count must be from 1 to {MAX_SHARDS}")
    return hash64(f"{namespace}\x1f{viewer}") % shards
