"""What a viewer is shown inside a room: a card, a notice, an answer, a list.

The same message goes over every socket of the viewer and may come twice; its id makes a page show
it once. It is worth nothing after `expires_at`: nobody sends it or shows it then.
"""

from __future__ import annotations

import re
from typing import Final, Literal, get_args

import msgspec

from qianmian.vocabulary.ids import id_problem

Kind = Literal["card", "notice", "assistant", "hot_list", "recommended"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
LISTS: Final[frozenset[Kind]] = frozenset({"hot_list", "recommended"})
"""Kinds of which only the newest of a room says anything."""

State = Literal["delivered", "opened", "clicked", "dismissed"]
STATES: Final[tuple[State, ...]] = get_args(State)
"""What can become of a message at a viewer's; `opened`: a second in sight."""

MAX_TITLE_CHARS: Final = 120
MAX_BODY_CHARS: Final = 2_000
MAX_URL_CHARS: Final = 2_048
MAX_PRODUCTS: Final = 10

# Within a page `/\host` and `//host` lead to another host, and control characters are skipped.
_RELATIVE: Final = re.compile(r"(?:[/?#](?![/\\])[^\x00-\x20\\]*|[/?#])")
_HTTPS: Final = re.compile(r"https://[^\x00-\x20\\/?#@]+(?:[/?#][^\x00-\x20\\]*)?")


class OfferShown(msgspec.Struct, frozen=True):
    """The offer on a card.

    Attributes:
        code: to be typed in at the checkout; None when nothing has to be.
        rules_url: the public page of its conditions.
    Units: amount in minor units of the currency; valid_until in ms UTC.
    """

    key: str
    title: str
    amount_minor: int
    currency: str
    code: str | None = None
    rules_url: str = ""
    valid_until: int = 0


class ProductShown(msgspec.Struct, frozen=True):
    """A product of a list, as a page names it. Units: price in minor units; None: not known."""

    id: str
    title: str
    link_number: int | None
    price_minor: int | None
    currency: str


class RoomMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message.

    Attributes:
        id: the client shows an id once.
        viewer: as in the log, anonymous with its prefix; None is everybody in the room, also those
            who enter before it expires.
        action_label, action_url: the button; none with an empty url.
        is_ad: shown with the word that the law asks for.
        why: the answer to "why did I get this", one sentence in the viewer's language.
        products: of a list, the first one first; a page titles a list by its kind.
    Units: at and expires_at in ms UTC.
    """

    id: str
    room: str
    viewer: str | None
    kind: Kind
    at: int
    expires_at: int
    title: str
    body: str = ""
    offer: OfferShown | None = None
    action_label: str = ""
    action_url: str = ""
    is_ad: bool = False
    why: str = ""
    products: tuple[ProductShown, ...] = ()


class Receipt(msgspec.Struct, frozen=True):
    """What became of a message at a viewer's. Units: at in ms UTC, our clock."""

    message_id: str
    viewer: str
    room: str
    state: State
    at: int


def message_problem(message: RoomMessage) -> str | None:
    """What is wrong with a message; None when it can be shown."""
    for name in ("id", "room"):
        if id_problem(getattr(message, name)) is not None:
            return f"{name} is no id"
    if message.viewer is not None and id_problem(message.viewer) is not None:
        return "viewer is no id"
    if message.kind not in KINDS:
        return f'there is no kind "{message.kind}"'
    if message.expires_at <= message.at:
        return "it expires before it begins"
    if len(message.title) > MAX_TITLE_CHARS or len(message.body) > MAX_BODY_CHARS:
        return f"more than {MAX_TITLE_CHARS} characters of title or {MAX_BODY_CHARS} of body"
    if len(message.products) > MAX_PRODUCTS:
        return f"more than {MAX_PRODUCTS} products"
    urls = {"action_url": message.action_url}
    if message.offer is not None:
        urls["rules_url"] = message.offer.rules_url
    wrong = [name for name, url in urls.items() if url and not is_safe_url(url)]
    return f"{wrong[0]} is neither https nor relative" if wrong else None


def is_safe_url(url: str) -> bool:
    """Whether a link may be shown: https, or within the page's own host."""
    if len(url) > MAX_URL_CHARS:
        return False
    return _RELATIVE.fullmatch(url) is not None or _HTTPS.fullmatch(url) is not None
