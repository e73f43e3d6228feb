"""Who may have a line: the page that asks, and the viewer it speaks for.

A page is believed by a token that the shop's server asked for, or by an anonymous id that this
deployment issued (DESIGN, privacy and safety). Neither is ever in an address, where proxies and
histories keep it. Cookies are not looked at, so a foreign page that makes a visitor's browser call
(cross-site hijacking) gains nothing; its origin is refused all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from qianmian.runtime.refusals import Refusals
from qianmian.server.asgi import Scope, header, same_origin
from qianmian.server.viewer_tokens import AnonymousIds, ViewerTokens
from qianmian.vocabulary.ids import MAX_ID_CHARS, anonymous, apart, id_problem

VERSION: Final = 1
"""Of what pages and server say to each other. A page ignores types of messages it does not know."""
MAX_SEEN: Final = 64

_Id = Annotated[str, Meta(max_length=MAX_ID_CHARS)]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """How a page says for whom it speaks: a token, or an anonymous id; and where it is.

    Attributes:
        last: ids of messages that it has had.
    """

    token: str = ""
    anonymous_id: str = ""
    room: str = ""
    last: Annotated[list[_Id], Meta(max_length=MAX_SEEN)] = []


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in. Units: expires_at in ms UTC; None for an anonymous id."""

    viewer: str
    room: str
    expires_at: int | None


class ViewersDoor:
    """Lets pages in.

    Args:
        tokens, anonymous_ids: of the deployment.
        prefixes: what viewer ids begin with, by every namespace that is known.
        erased: who is not let in any more.
        origins: of pages that may ask, beside our own.
    """

    def __init__(
        self,
        tokens: ViewerTokens,
        anonymous_ids: AnonymousIds,
        prefixes: Callable[[], Mapping[str, str]],
        *,
        erased: Refusals,
        origins: Collection[str] = (),
    ) -> None:
        self._tokens = tokens
        self._anonymous_ids = anonymous_ids
        self._prefixes = prefixes
        self._erased = erased
        self._origins = origins

    def lets_in(self, scope: Scope) -> bool:
        """Whether the page that calls may; a caller without an origin is no page."""
        origin = header(scope, "origin")
        return origin is None or same_origin(scope) or origin in self._origins

    def caller(self, shown: Shown) -> Caller | str:
        """Who it is, or the reason why nobody is believed to be it."""
        found = self.who(shown)
        if isinstance(found, str):
            return found
        return "no_room" if id_problem(found.room) is not None else found

    def who(self, shown: Shown) -> Caller | str:
        """As `caller`, of a page that is in no room."""
        found = self._of_token(shown) if shown.token else self._of_anonymous(shown)
        if isinstance(found, str):
            return found
        return "erased" if self._erased.has(found.viewer) else found

    def _of_token(self, shown: Shown) -> Caller | str:
        claims = self._tokens.read(shown.token)
        if claims is None:
            return "bad_token"
        prefix = self._prefixes().get(claims.namespace)
        if prefix is None:
            return "foreign_namespace"
        if claims.room is not None and shown.room not in ("", claims.room):
            return "foreign_room"
        viewer = apart(claims.viewer, prefix)
        return Caller(viewer, claims.room or shown.room, claims.expires_at)

    def _of_anonymous(self, shown: Shown) -> Caller | str:
        for namespace, prefix in self._prefixes().items():
            if self._anonymous_ids.is_issued(shown.anonymous_id, namespace):
                return Caller(anonymous(apart(shown.anonymous_id, prefix)), shown.room, None)
        return "not_issued"


def welcome_of(caller: Caller, now: int) -> str:
    """The first words to a page: which room, whom it is taken for, and what time it is here."""
    told = {
        "type": "welcome",
        "v": VERSION,
        "room": caller.room,
        "viewer": caller.viewer,
        "now": now,
        "expires_at": caller.expires_at,
    }
    return msgspec.json.encode(told).decode()
