"""Serves `/shop`: a live room as a phone shows it, on the browser client, for one visitor.

Only `qianmian demo` has it: whoever opens it gets a viewer token, which a real shop gives to those
whom it has signed in. A cookie that no program can read keeps who the visitor is; the ids are
random, so that nobody can be somebody else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import msgspec

from qianmian.bootstrap.demo import ROOM, DemoSources
from qianmian.bootstrap.installation import Installation
from qianmian.locales.texts import document
from qianmian.server.asgi import Receive, Scope, Send, cookie, respond, same_origin
from qianmian.server.console import content_policy
from qianmian.server.demo_shop.visitors import Visitors, arm_of, is_visitor
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.vocabulary.product import Product

SHOP_PATH: Final = "/shop"
COOKIE: Final = "qianmian_demo_visitor"
MOST_PRODUCTS: Final = 12
LOCALES: Final = (("zh", "zh-CN"), ("en", "en-US"))
FILES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "": ("page.html", "text/html; charset=utf-8"),
        "/page.css": ("page.css", "text/css; charset=utf-8"),
        "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    }
)
_POLICY: Final = content_policy(None).encode()
_HEADERS: Final = ((b"content-security-policy", _POLICY), (b"cache-control", b"no-cache"))
_JSON: Final = "application/json"


class DemoShop:
    """The application below `/shop`.

    Args:
        home: of the demonstration.
        sources: with the browser key that the page uses.
        now: ms UTC.
    """

    def __init__(self, home: Installation, sources: DemoSources, now: Callable[[], int]) -> None:
        self._home = home
        self._key = sources.browser_key
        self._tokens = ViewerTokens(home.secret, now)
        self._visitors = Visitors(lambda: secrets.token_hex(8), self._arm)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """One request."""
        part, method = str(scope["path"]).removeprefix(SHOP_PATH), scope["method"]
        if method == "POST" and part in ("/visitor", "/visitor/new"):
            await self._visit(scope, send, is_new=part.endswith("new"))
        elif method not in ("GET", "HEAD"):
            await respond(send, 405, headers=[*_HEADERS, (b"allow", b"GET, HEAD")])
        elif part in FILES:
            name, kind = FILES[part]
            await respond(send, 200, _file(name), kind, _HEADERS)
        elif part == "/texts.json":
            await respond(send, 200, _texts(), _JSON, _HEADERS)
        elif part == "/room.json":
            await respond(send, 200, msgspec.json.encode(self._room()), _JSON, _HEADERS)
        else:
            await respond(send, 404, b"not found", headers=_HEADERS)

    async def _visit(self, scope: Scope, send: Send, *, is_new: bool) -> None:
        """A token for the visitor of this browser; a new one where it has none."""
        if not same_origin(scope):
            await respond(send, 403, headers=_HEADERS)
            return
        known = cookie(scope, COOKIE) or ""
        viewer = self._visitors.new() if is_new or not is_visitor(known) else known
        namespace = self._home.settings.namespace
        token, expires_at = self._tokens.mint(viewer, namespace=namespace, room=ROOM)
        told = {
            "token": token,
            "expires_at": expires_at,
            "viewer": viewer,
            "arm": self._arm(viewer),
        }
        kept = f"{COOKIE}={viewer}; Path={SHOP_PATH}; HttpOnly; SameSite=Strict"
        headers = [*_HEADERS, (b"set-cookie", kept.encode())]
        await respond(send, 200, msgspec.json.encode(told), _JSON, headers)

    def _arm(self, viewer: str) -> str:
        return arm_of(self._home.strategies.rules, self._home.settings.namespace, viewer)

    def _room(self) -> dict[str, Any]:
        products = [one.product for one in self._home.catalog.all()]
        return {
            "key": self._key,
            "room": ROOM,
            "currency": self._home.settings.currency,
            "products": _shelf(products),
        }


def _shelf(products: Sequence[Product]) -> list[dict[str, Any]]:
    """The first links of the room: what can be bought, by its number."""
    sold = [one for one in products if one.price_minor is not None and one.in_stock]
    sold.sort(key=lambda one: (one.link_number is None, one.link_number or 0, one.id))
    return [
        {
            "id": one.id,
            "title": one.title or one.id,
            "price_minor": one.price_minor,
            "category": one.narrowest_category,
            "brand": one.brand,
        }
        for one in sold[:MOST_PRODUCTS]
    ]


@cache
def _file(name: str) -> bytes:
    return resources.files("qianmian.server.demo_shop").joinpath("pages", name).read_bytes()


@cache
def _texts() -> bytes:
    return msgspec.json.encode({name: document(locale, "demo_shop") for name, locale in LOCALES})
