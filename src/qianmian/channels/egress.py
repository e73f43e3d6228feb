"""The one way out: every call to an address that somebody of the shop wrote into a setting.

What is asked to call an address can be asked to call our own machines. So: https, no redirects, and
the address is checked where the connection is made: a name is resolved once, every address that it
has must be a public one, and the connection goes to an address that was checked. Answers are read
up to a bound, within a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore
import msgspec

from qianmian.errors import InputError

MAX_ANSWER_BYTES: Final = 65_536
MAX_URL_CHARS: Final = 2_048
CONNECT_MS: Final = 5_000
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host name."""


class Answer(msgspec.Struct, frozen=True):
    """What a server answered; names of headers in lower case, the body cut off at a bound."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotSent(Exception):
    """Nothing was sent: no address, none that may be called, no connection."""


class Private(NotSent):
    """Nothing was sent: the address is one of a private network, which may not be called."""


class Unknown(Exception):
    """It was sent, maybe, and nobody knows what came of it: no answer, or half of one."""


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse what is no address to call; host names are looked at when they are called.

    Raises: InputError.
    """
    parts = urlsplit(url)
    schemes = ("https", "http") if allow_private else ("https",)
    try:
        parts.port  # noqa: B018 — raises for what is no port
    except ValueError as problem:
        raise InputError(f"the address has no port that can be called: {problem}") from problem
    is_plain = url.isascii() and url.isprintable() and " " not in url
    if not is_plain or parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc:
        raise InputError(
            f"write an address such as https://shop.example/hooks, in ASCII, without a name and"
            f" password; it may begin with {' or '.join(schemes)}"
        )
    if len(url) > MAX_URL_CHARS:
        raise InputError(f"the address is longer than {MAX_URL_CHARS} characters")


def is_public(address: str) -> bool:
    """Whether an address is one of the internet: not our own, not of our network, not of many.

    An IPv4 address that is wrapped in an IPv6 one is judged as what it is.
    """
    found: Address = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if inner is None and found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is None and found.teredo is not None:
            inner = found.teredo[1]
        found = found if inner is None else inner
    return found.is_global and not found.is_multicast


async def resolved(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the resolver of the machine.

    Raises: OSError when there are none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class _Checked(httpcore.AsyncNetworkBackend):
    """Connects to an address that was checked, and to no other."""

    def __init__(self, resolve: Resolve, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._wire = httpcore.AnyIOBackend()

    async def connect_tcp(
        self, host: str, port: int, *more: Any, **told: Any
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, connect; httpcore gives the rest by name, a time limit among it."""
        found = await self.addresses(host, port, told.get("timeout"))
        for address in found[:-1]:
            with contextlib.suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._wire.connect_tcp(address, port, *more, **told)
        return await self._wire.connect_tcp(found[-1], port, *more, **told)

    async def addresses(self, host: str, port: int, timeout_s: float | None) -> Sequence[str]:
        """The addresses of a host; each may be called.

        Raises: NotSent when there is none; Private when one of them may not.
        """
        try:
            found = await asyncio.wait_for(self._resolve(host, port), timeout_s)
        except (OSError, TimeoutError, UnicodeError) as problem:
            raise NotSent(f"{host} has no address: {problem}") from problem
        if not found:
            raise NotSent(f"{host} has no address")
        if not self._allow_private and not all(map(is_public, found)):
            raise Private(f"{host} leads into a private network")
        return found


class Egress:
    """Calls out.

    Args:
        allow_private: whether addresses of private networks, and http, may be called.
        timeout_ms: for a whole call, from the first byte out to the last byte in.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        timeout_ms: int = 10_000,
        resolve: Resolve = resolved,
    ) -> None:
        self._allow_private = allow_private
        self._timeout_ms = timeout_ms
        self._trust = httpcore.default_ssl_context()
        self._network = _Checked(resolve, allow_private=allow_private)

    async def connect(self, host: str, port: int) -> socket.socket:
        """A connection for a protocol that is not HTTP; whoever asked closes it.

        Raises: NotSent.
        """
        limit_s = min(CONNECT_MS, self._timeout_ms) / 1_000
        found = await self._network.addresses(host, port, limit_s)
        problem: Exception = NotSent(f"{host} has no address")
        for address in found:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            wire = socket.socket(family, socket.SOCK_STREAM)
            wire.setblocking(False)
            try:
                connecting = asyncio.get_running_loop().sock_connect(wire, (address, port))
                await asyncio.wait_for(connecting, limit_s)
            except (OSError, TimeoutError) as failed:
                wire.close()
                problem = failed
            except asyncio.CancelledError:
                wire.close()
                raise
            else:
                return wire
        raise NotSent(f"no connection: {problem}") from problem

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, within_ms: int | None = None
    ) -> Answer:
        """`call` with a body."""
        return await self.call("POST", url, headers, body, within_ms=within_ms)

    async def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        within_ms: int | None = None,
    ) -> Answer:
        """Ask and read the answer. Redirects are answers like others: nobody follows them.

        Args:
            within_ms: less time than usual.

        Raises: InputError for what is no address; NotSent; Unknown.
        """
        check_url(url, allow_private=self._allow_private)
        most_ms = self._timeout_ms if within_ms is None else min(within_ms, self._timeout_ms)
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        limits = {"connect": min(CONNECT_MS, most_ms) / 1_000, "pool": most_ms / 1_000}
        try:
            # A pool for each call: a connection that is kept would not be checked again.
            pool = httpcore.AsyncConnectionPool(self._trust, network_backend=self._network)
            async with asyncio.timeout(most_ms / 1_000), pool:
                asked = pool.stream(
                    method, url, headers=told, content=body, extensions={"timeout": limits}
                )
                async with asked as answer:
                    return await _read(answer)
        except (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout) as problem:
            raise NotSent(f"no connection: {problem}") from problem
        except (TimeoutError, httpcore.TimeoutException) as problem:
            raise Unknown("no answer in time") from problem
        except (httpcore.NetworkError, httpcore.ProtocolError) as problem:
            raise Unknown(f"the answer was cut off: {problem}") from problem


async def _read(answer: httpcore.Response) -> Answer:
    """The answer, as far as it is read."""
    read = bytearray()
    async for part in answer.aiter_stream():
        read += part
        if len(read) >= MAX_ANSWER_BYTES:
            break
    found = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
    }
    return Answer(answer.status, found, bytes(read[:MAX_ANSWER_BYTES]))
