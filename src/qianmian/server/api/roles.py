"""What each role may do: one table, and the dependency by which every route names its action.

A link to a room is a role too, with a table of its own: nobody has an account with it, and it ends
at the room: what a route is asked for stands in its path.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fastapi import Depends, Request

from qianmian.server.api.problems import Problem
from qianmian.server.api.who import Who, who_asks
from qianmian.storage.sql.accounts import ROLES

EVERYBODY: Final = frozenset(ROLES)
_READERS: Final = EVERYBODY - {"host"}
"""A host reads the host's page: cards without names. Boards and drawers name viewers."""

_MAKERS: Final = frozenset({"owner", "lead", "operator"})
_LEADS: Final = frozenset({"owner", "lead"})
_OWNERS: Final = frozenset({"owner"})

ROLES_BY_ACTION: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "session.end": EVERYBODY,
        "meta.read": EVERYBODY,
        "home.read": _READERS,
        "rooms.read": _READERS,
        "people.read": _READERS,
        "people.import": _LEADS,
        "persons.read": _LEADS,
        "privacy.read": _READERS,
        "consents.read": _READERS,
        "consents.write": _LEADS | {"service"},
        "persons.export": _OWNERS,
        "persons.erase": _OWNERS,
        "definitions.read": _READERS,
        "definitions.write": _MAKERS,
        "strategies.read": _READERS,
        "strategies.write": _MAKERS,
        "strategies.approve": _LEADS,
        "strategies.stop": _MAKERS,
        "limits.write": _LEADS,
        "codes.read": _LEADS,
        "codes.write": _LEADS,
        "prompts.read": EVERYBODY,
        "prompts.answer": _MAKERS | {"host"},
        "room_links.read": _MAKERS,
        "room_links.write": _MAKERS,
        "overlay.read": EVERYBODY,
        "room_lists.read": EVERYBODY,
        "room_lists.write": _MAKERS | {"host"},
        "replies.write": _MAKERS | {"service"},
        "follow_ups.read": _READERS,
        "follow_ups.answer": _MAKERS | {"service"},
        "channels.read": _MAKERS | {"reader"},
        "channels.test": _LEADS,
        "channels.write": _LEADS,
        "products.read": EVERYBODY,
        "products.write": _MAKERS,
        "data.read": _MAKERS | {"reader"},
        "letters.read": _MAKERS,
        "letters.write": _LEADS,
        "sources.read": _MAKERS | {"reader"},
        "sources.write": _LEADS,
        "accounts.read": _LEADS,
        "accounts.write": _OWNERS,
        "api_keys.read": _LEADS,
        "api_keys.write": _OWNERS,
        "audit.read": _LEADS,
    }
)
"""Who may do what. Documented in `docs/server.md`; a test compares."""

ACTIONS_BY_LINK: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "host_link": frozenset({"prompts.read", "prompts.answer"}),
        "overlay_link": frozenset({"overlay.read"}),
    }
)
"""What may be done with a link, in its room."""


def may(role: str, action: str) -> bool:
    """Whether a role may do this."""
    return role in ROLES_BY_ACTION[action] or action in ACTIONS_BY_LINK.get(role, ())


def actions_of(role: str) -> list[str]:
    """Everything a role may do, for the pages, which show nobody what is refused anyway."""
    return [action for action in ROLES_BY_ACTION if may(role, action)]


class Permission:
    """The dependency of a route: lets through whoever may do the action."""

    def __init__(self, action: str) -> None:
        if action not in ROLES_BY_ACTION:
            raise KeyError(action)
        self.action = action

    async def __call__(self, request: Request) -> Who:
        """Who asks.

        Raises: Problem for nobody, for a role that may not, and for a link of another room.
        """
        who = await who_asks(request)
        if not may(who.role, self.action):
            _note(who, self.action)
            raise Problem("session.role", f"the role {who.role} may not do {self.action}")
        if who.room is not None and request.path_params.get("room") != who.room:
            _note(who, self.action)
            raise Problem("session.room", "this link is to another room")
        return who


def _note(who: Who, action: str) -> None:
    """A link that is tried elsewhere has come to somebody else: the log says which one it is."""
    if who.room is not None:
        said = "the %s %s of the room %r was tried for %s"
        logging.getLogger(__name__).warning(said, who.role, who.actor.id, who.room, action)


class Open:
    """The dependency of a route that anybody may ask, with the reason."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self) -> None:
        """Let everybody through."""


def Needs(action: str) -> Any:  # noqa: N802 — reads as the marker it is: Annotated[Who, Needs("x")]
    """The marker of a route's parameter: who asks, if they may do this."""
    return Depends(Permission(action))


def OpenTo(why: str) -> Any:  # noqa: N802
    """The marker of a route that asks nobody who they are."""
    return Depends(Open(why))
