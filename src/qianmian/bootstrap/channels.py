"""The channels to other systems that the settings of an installation name.

A channel is a maker here, beside its file in `channels/` and its settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, get_args

from qianmian.channels.channel import AddressOf, Channel
from qianmian.channels.coupons import TIMEOUT_MS, CouponSystem
from qianmian.channels.dingtalk import DingTalk
from qianmian.channels.egress import Egress
from qianmian.channels.email import Email, Links, server_of
from qianmian.channels.jpush import JPush
from qianmian.channels.unsubscribe import Unsubscribe
from qianmian.channels.webhook import Webhook
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.settings import Settings
from qianmian.strategies.strategy import IN_SESSION, ChannelKind
from qianmian.vocabulary.channels import Channel as Kind

SET_BY: Final[Mapping[ChannelKind, str]] = MappingProxyType(
    {
        "webhook": "webhook_secret",
        "email": "email_url",
        "bot": "bot_secret",
        "push": "push_secret",
    }
)
"""By channel to the outside, the setting without which it delivers nothing."""
INSIDE: Final[frozenset[str]] = IN_SESSION | {"follow_up"}
"""They need no settings."""


def off_of(settings: Settings) -> tuple[ChannelKind, ...]:
    """The channels over which nothing is delivered with these settings."""
    on = INSIDE | {kind for kind, name in SET_BY.items() if getattr(settings, name)}
    return tuple(kind for kind in get_args(ChannelKind) if kind not in on)


@dataclass(frozen=True, slots=True)
class Parts:
    """What channels are made of, beside the settings.

    Attributes:
        address_of: where a viewer is reached over a channel; reads files.
        unsubscribe: makes the links that need no sign-in.
    """

    egress: Egress
    address_of: Callable[[str, Kind], str | None]
    unsubscribe: Unsubscribe

    def reach(self, channel: Kind) -> AddressOf:
        """Where viewers are reached over a channel."""
        return lambda viewer: asyncio.to_thread(self.address_of, viewer, channel)


def webhook_of(settings: Settings, parts: Parts) -> Webhook | None:
    """The receiver of the channel `webhook`; None: there is none.

    Raises: InputError for an address or a secret that cannot be used.
    """
    if settings.webhook_secret is None:
        return None
    url = settings.webhook_url
    secret = _read("webhook_secret", settings.webhook_secret)
    return Webhook(url, secret, parts.egress, allow_private=settings.egress_private)


def coupons_of(settings: Settings) -> CouponSystem | None:
    """The coupon system of a shop; None: there is none.

    Raises: InputError for an address or a secret that cannot be used.
    """
    if settings.coupons_secret is None:
        return None
    is_private = settings.egress_private
    egress = Egress(allow_private=is_private, timeout_ms=TIMEOUT_MS)
    secret = _read("coupons_secret", settings.coupons_secret)
    return CouponSystem(settings.coupons_url, secret, egress, allow_private=is_private)


def email_of(settings: Settings, parts: Parts) -> Email | None:
    """The mail server of the channel `email`; None: there is none.

    Raises: InputError for an address or a password that cannot be used.
    """
    if not settings.email_url:
        return None
    file = settings.email_password
    server = server_of(
        settings.email_url,
        "" if file is None else _read("email_password", file),
        is_private=settings.egress_private,
    )
    links = Links(parts.unsubscribe, settings.public_url)
    texts = Texts(settings.locale, "channels")
    return Email(server, settings.email_from, texts, links, parts.egress, parts.reach("email"))


def bot_of(settings: Settings, parts: Parts) -> DingTalk | None:
    """The robot of the channel `bot`; None: there is none.

    Raises: InputError for a file that does not hold an address and a secret.
    """
    if settings.bot_secret is None:
        return None
    url, _, secret = _read("bot_secret", settings.bot_secret).partition("\n")
    texts, is_private = Texts(settings.locale, "channels"), settings.egress_private
    try:
        return DingTalk(url.strip(), secret.strip(), texts, parts.egress, allow_private=is_private)
    except InputError as problem:
        raise InputError(f"bot_secret: {settings.bot_secret}: {problem}") from problem


def push_of(settings: Settings, parts: Parts) -> JPush | None:
    """The app of the channel `push`; None: there is none.

    Raises: InputError for a key or a file that cannot be used.
    """
    if settings.push_secret is None:
        return None
    return JPush(
        settings.push_url,
        (settings.push_key, _read("push_secret", settings.push_secret)),
        Texts(settings.locale, "channels"),
        parts.egress,
        parts.reach("push"),
        allow_private=settings.egress_private,
    )


MAKERS: Final[tuple[Callable[[Settings, Parts], Channel | None], ...]] = (
    webhook_of,
    email_of,
    bot_of,
    push_of,
)


def channels_of(settings: Settings, parts: Parts) -> list[Channel]:
    """Those that the settings name.

    Raises: InputError for settings or files that cannot be used.
    """
    made = (make(settings, parts) for make in MAKERS)
    return [one for one in made if one is not None]


def _read(name: str, path: Path) -> str:
    """The text of a file with a secret.

    Raises: InputError, without it.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{name}: {path} cannot be read") from problem
