"""The channels to other systems that the settings of an installation name."""

from __future__ import annotations

from qianmian.channels.egress import Egress
from qianmian.channels.webhook import Webhook
from qianmian.errors import InputError
from qianmian.settings import Settings


def webhook_of(settings: Settings) -> Webhook | None:
    """The receiver of the channel `webhook`; None: there is none.

    Raises: InputError for an address or a secret that cannot be used.
    """
    if settings.webhook_secret is None:
        return None
    try:
        secret = settings.webhook_secret.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"webhook_secret: {settings.webhook_secret} cannot be read") from problem
    egress = Egress(allow_private=settings.egress_private)
    return Webhook(settings.webhook_url, secret, egress, allow_private=settings.egress_private)
