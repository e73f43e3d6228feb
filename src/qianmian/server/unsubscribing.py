"""`/unsubscribe/TOKEN`: who got a letter says no, without a sign-in and without a program.

GET shows a button and changes nothing: programs that look for viruses follow links. POST, by the
button or by the program that shows the mail (RFC 8058), writes the refusal into the log; once, for
every id of the person.
"""

from __future__ import annotations

from html import escape
from typing import Final

from qianmian.channels.unsubscribe import PATH
from qianmian.errors import LogUnavailable, Overloaded
from qianmian.locales.texts import Texts, locale_of
from qianmian.server.api.problems import Problem
from qianmian.server.api.saying import Said, say_of_person
from qianmian.server.asgi import App, Receive, Scope, Send, header, respond
from qianmian.server.site import Site
from qianmian.storage.sql.audit import Actor
from qianmian.vocabulary.consent import MARKETING

SOURCE: Final = "unsubscribe"
ACTOR: Final = Actor("system", "unsubscribe", PATH)
_HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),  # the address is the link
    (b"cache-control", b"no-store"),
)


def unsubscribe_page(site: Site) -> App:
    """The application that answers below `PATH`."""

    async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
        texts = Texts(locale_of(header(scope, "accept-language") or "zh"), "unsubscribe_page")
        asked = site.unsubscribe.read(str(scope["path"]).removeprefix(PATH))
        method = scope["method"]
        if method not in ("GET", "HEAD", "POST"):
            await respond(send, 405, headers=[*_HEADERS, (b"allow", b"GET, HEAD, POST")])
            return
        status, key = 200, "ask"
        if asked is None or site.persons.refusals.has(asked[0]):
            status, key = 404, "gone"
        elif method == "POST":
            status, key = await _refuse(site, *asked)
        body = b"" if method == "HEAD" else _page(texts, key, has_button=key != "gone")
        await respond(send, status, body, "text/html; charset=utf-8", _HEADERS)

    return answer


async def _refuse(site: Site, viewer: str, channel: str) -> tuple[int, str]:
    """Write the refusal; one that is there already is enough."""
    thing = (MARKETING, channel)
    said = await site.deployment.ask(lambda live: live.consents.of(viewer).get(thing))
    if said is not None and not said.granted:
        return 200, "done"
    refusal = Said(MARKETING, channel, granted=False, proof={"evidence": PATH})
    try:
        await say_of_person(site, viewer, refusal, SOURCE, ACTOR)
    except Problem:  # erased in between
        return 404, "gone"
    except (Overloaded, LogUnavailable):
        return 503, "later"
    return 200, "done"


def _page(texts: Texts, key: str, *, has_button: bool) -> bytes:
    asks = has_button and key != "done"
    form = f'<form method="post"><button>{escape(texts["button"])}</button></form>' if asks else ""
    return (
        f'<!doctype html>\n<html lang="{texts.locale}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(texts['title'])}</title>\n<h1>{escape(texts[key])}</h1>\n{form}\n</html>\n"
    ).encode()
