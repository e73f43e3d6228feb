"""`/rules/KEY`: the public rules of an offer, for everybody who was promised it, or was not.

Plain text that the shop wrote, escaped, without a program: nothing on this page runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from html import escape
from typing import Final
from zoneinfo import ZoneInfo

from qianmian.locales.texts import Texts, locale_of
from qianmian.server.asgi import App, Receive, Scope, Send, header, respond
from qianmian.vocabulary.offer import Offer

RULES_PATH: Final = "/rules/"
POLICY: Final = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *"
"""A shop may show the rules within its own page: there is nothing to click."""


def rules_page(offers: Callable[[], Iterable[Offer]], zone: str) -> App:
    """The application that answers below `RULES_PATH`.

    Args:
        offers: those in force; asked at every request, from memory.
        zone: of the shop, for the end of an offer.
    """

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        key = str(scope["path"]).removeprefix(RULES_PATH)
        texts = Texts(_locale(scope), "rules_page")
        found = next((one for one in offers() if one.key == key), None)
        body = _page(texts, found, zone).encode()
        headers = [
            (b"content-security-policy", POLICY),
            (b"x-content-type-options", b"nosniff"),
            (b"cache-control", b"no-cache"),
        ]
        if scope["method"] not in ("GET", "HEAD"):
            await respond(send, 405, headers=[*headers, (b"allow", b"GET, HEAD")])
            return
        status = 404 if found is None else 200
        shown = body if scope["method"] == "GET" else b""
        await respond(send, status, shown, "text/html; charset=utf-8", headers)

    return answer


def _locale(scope: Scope) -> str:
    """The first language that the browser asks for; Chinese where it asks for none."""
    return locale_of(header(scope, "accept-language") or "zh")


def _page(texts: Texts, offer: Offer | None, zone: str) -> str:
    title = texts["gone"] if offer is None else offer.title
    lines = [] if offer is None else offer.rules.splitlines()
    if offer is not None and offer.valid_until is not None:
        ends = datetime.fromtimestamp(offer.valid_until / 1_000, ZoneInfo(zone))
        lines.append(texts.say("until", time=f"{ends:%Y-%m-%d %H:%M}", zone=zone))
    paragraphs = "\n".join(f"<p>{escape(line)}</p>" for line in lines if line.strip())
    return (
        f'<!doctype html>\n<html lang="{texts.locale}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<h1>{escape(title)}</h1>\n{paragraphs}\n"
        f"<p><small>{escape(texts['note'])}</small></p>\n</html>\n"
    )
