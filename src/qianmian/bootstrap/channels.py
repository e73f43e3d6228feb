"""The channels to other systems that the settings of an installation name.

A channel is a maker here, beside its file in `channels/` and its settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qianmian.channels.channel import Channel
from qianmian.channels.egress import Egress
from qianmian.channels.webhook import Webhook
from qianmian.errors import InputError
from qianmian.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What channels are made of, beside the settings."""

    egress: Egress


def webhook_of(settings: Settings, parts: Parts) -> Webhook | None:
    """The receiver of the channel `webhook`; None: there is none.

    Raises: InputError for an address or a secret that cannot be used.
    """
    if settings.webhook_secret is None:
        return None
    url = settings.webhook_url
    secret = _read("webhook_secret", settings.webhook_secret)
    return Webhook(url, secret, parts.egress, allow_private=settings.egress_private)


MAKERS: Final[tuple[Callable[[Settings, Parts], Channel | None], ...]] = (webhook_of,)


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
