"""Mail goes over TLS to a server that shows who it is, and to no other: not even the password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from ssl import SSLContext

import pytest

from qianmian.channels.verdict import Verdict
from tests.contract.outside import LONG_MS
from tests.fakes.certificates import Authority
from tests.fakes.mail_server import MailServer, playing
from tests.unit.channels.test_email import parcel_of

HERE = "127.0.0.1"
WAYS = pytest.mark.parametrize("way", ["first", "later"])


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The only one that this machine trusts."""
    found = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return found


def told(*, is_private: bool, **tls: SSLContext) -> tuple[Verdict, MailServer]:
    """What comes of a letter to such a server."""

    async def story() -> tuple[Verdict, MailServer]:
        async with playing([], **tls) as server:
            server.is_private = is_private
            channel = server.channel(LONG_MS)
            return await channel.send([parcel_of(channel)], 0, within_ms=LONG_MS), server

    return asyncio.run(story())


@WAYS
@pytest.mark.parametrize("is_private", [False, True])
def test_a_letter_goes_over_tls(authority: Authority, way: str, is_private: bool) -> None:
    verdict, server = told(is_private=is_private, **{way: authority.context(HERE)})
    assert verdict == Verdict("delivered")
    assert server.logins == 1
    ((_, version, _),) = server.ciphers
    assert version.startswith("TLS")


@WAYS
@pytest.mark.parametrize("is_private", [False, True])
@pytest.mark.parametrize(
    "shown",
    [
        lambda mine, _: mine.context("192.0.2.1"),
        lambda mine, _: mine.context(HERE, since_days=-9, until_days=-2),
        lambda _, folder: Authority(folder, "stranger").context(HERE),
    ],
    ids=["of another address", "expired", "of an authority that nobody knows"],
)
def test_a_server_with_a_wrong_certificate_gets_neither_letter_nor_password(
    authority: Authority,
    tmp_path: Path,
    way: str,
    is_private: bool,
    shown: Callable[[Authority, Path], SSLContext],
) -> None:
    verdict, server = told(is_private=is_private, **{way: shown(authority, tmp_path)})
    assert verdict.outcome == "later"
    assert (server.logins, server.tries) == (0, {})


def test_a_public_server_that_offers_no_tls_gets_neither_letter_nor_password() -> None:
    verdict, server = told(is_private=False)
    assert verdict.outcome == "later"
    assert (server.logins, server.tries) == (0, {})
