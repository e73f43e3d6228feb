"""The page on which a mapping is tried: one file, no request to anybody else."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib import resources
from typing import Final

from qianmian.server.ingest.wire import Answer, Header

_FILE: Final = "webhook_test.html"


@lru_cache(maxsize=1)
def page() -> Answer:
    """The page, which may run its own script and style and talk to us, and nothing else."""
    text = resources.files("qianmian.locales").joinpath(_FILE).read_text("utf-8")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash_of('script', text)}'",
            f"style-src '{_hash_of('style', text)}'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    headers: list[Header] = [
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
    ]
    return Answer(200, text.encode(), headers, b"text/html; charset=utf-8")


def _hash_of(element: str, text: str) -> str:
    """How a content security policy names an inline element. Sources: W3C CSP Level 3."""
    inside = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
    digest = hashlib.sha256(inside[1].encode() if inside else b"").digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
