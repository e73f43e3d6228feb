"""Whose event it is, when a browser says so: nobody is believed who cannot show it.

SEMANTICS, "who may send what", and decision record 0015. A page can be rewritten by whoever looks
at it, so what a browser key sends belongs to

* the viewer of its signed viewer token, else
* an anonymous id that this deployment issued, or, where the source accepts it, one that the client
  made and nobody can guess. A user id beside it is not believed and not kept: the shop's server
  links the two when somebody signs in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from qianmian.columns.batch import StringColumn
from qianmian.connectors.settling import Column, Columns
from qianmian.errors import InputError
from qianmian.runtime.sources import Source
from qianmian.server.viewer_tokens import AnonymousIds, ViewerClaims
from qianmian.vocabulary.ids import apart, id_problem, is_anonymous, parts_of
from qianmian.vocabulary.rejected import Rejected

Row = dict[str, Any]
_IDS: Final = ("viewer", "anonymous_id", "linked_viewer", "order_id", "refund_id")
"""What is told apart: orders are idempotent within their namespace (SEMANTICS)."""

MIN_OWN_ID_CHARS: Final = 16  # a UUID has 36; what is shorter can be guessed or collides


def settle_identity(
    row: Row, source: Source, claims: ViewerClaims | None, issued: AnonymousIds
) -> Rejected | None:
    """Make the event of a browser key that of whom it can be; or why it cannot.

    Other classes are believed as they are. A browser names no session either: the first event
    of a room would name it for everybody. Ids of another namespace are told apart.
    """
    problem = _settled_of_browser(row, source, claims, issued)
    if problem is None and source.prefix:
        for name in _IDS:
            if isinstance(row.get(name), str) and row[name]:
                row[name] = apart(row[name], source.prefix)
    return problem


def _settled_of_browser(
    row: Row, source: Source, claims: ViewerClaims | None, issued: AnonymousIds
) -> Rejected | None:
    if source.key_class != "browser":
        return None
    row.pop("session", None)
    if claims is not None:
        return _of_token(row, claims)
    row.pop("viewer", None)
    anonymous_id = row.get("anonymous_id")
    if anonymous_id is None or anonymous_id == "":
        return Rejected(
            "no_viewer", "a browser key needs a viewer token or an anonymous id, not a user id"
        )
    if not isinstance(anonymous_id, str):
        return None  # the event table says what is wrong with it
    return _problem_of(anonymous_id, source, issued)


def _problem_of(anonymous_id: str, source: Source, issued: AnonymousIds) -> Rejected | None:
    """Why a page may not use this anonymous id."""
    if issued.is_issued(anonymous_id, source.namespace):
        return None
    if not source.accept_own_anonymous_ids:
        return Rejected("not_issued", "the anonymous id was not issued here; POST /v1/anonymous")
    if len(anonymous_id) < MIN_OWN_ID_CHARS:
        return Rejected(
            "not_issued",
            f"an anonymous id of a client has at least {MIN_OWN_ID_CHARS} random characters",
        )
    if not source.prefix and parts_of(anonymous_id)[0]:
        return Rejected("not_issued", "an anonymous id of a client names no namespace")
    return None


def _of_token(row: Row, claims: ViewerClaims) -> Rejected | None:
    given = row.get("viewer")
    if given not in (None, "", claims.viewer):
        return Rejected("not_allowed", "the viewer token is of another viewer")
    room = row.get("room")
    if claims.room is not None and room not in (None, "", claims.room):
        return Rejected("not_allowed", "the viewer token is of another room")
    row.pop("anonymous_id", None)
    row["viewer"] = claims.viewer
    if claims.room is not None:
        row["room"] = claims.room
    return None


def settle_identities(
    columns: Columns,
    events: int,
    source: Source,
    claims: ViewerClaims | None,
    issued: AnonymousIds,
) -> Columns:
    """The same for events that came as columns, all of which are good.

    Raises: InputError when `settle_identity` would refuse one of them.
    """
    settled = columns
    if source.key_class == "browser":
        settled = _columns_of_browser(columns, events, source, claims, issued)
    if not source.prefix:
        return settled
    told = {name: settled[name] for name in _IDS if name in settled}
    return {**settled, **{name: _apart(one, source.prefix) for name, one in told.items()}}


def _apart(column: Column, prefix: str) -> Column:
    """A column of ids, told apart; what is empty names nobody."""
    if not isinstance(column, StringColumn):
        raise InputError("an id is no text")
    values = [apart(one, prefix) if one else one for one in column.values]
    if any(id_problem(one) is not None or is_anonymous(one) for one in values if one):
        raise InputError("an id of another namespace is none")
    return StringColumn(column.codes, values)


def _columns_of_browser(
    columns: Columns,
    events: int,
    source: Source,
    claims: ViewerClaims | None,
    issued: AnonymousIds,
) -> Columns:
    settled = {name: column for name, column in columns.items() if name not in _NEVER_BELIEVED}
    if claims is not None:
        _check_all(columns, "viewer", claims.viewer)
        settled["viewer"] = _constant(claims.viewer, events)
        if claims.room is not None:
            _check_all(columns, "room", claims.room)
            settled["room"] = _constant(claims.room, events)
        return settled
    ids = columns.get("anonymous_id")
    if not isinstance(ids, StringColumn) or (ids.codes < 0).any() or "" in ids.values:
        raise InputError("an event of a browser key has no anonymous id")
    if any(_problem_of(one, source, issued) is not None for one in ids.values):
        raise InputError("an anonymous id is not accepted")
    return settled | {"anonymous_id": ids}


_NEVER_BELIEVED: Final = frozenset({"session", "viewer", "anonymous_id"})


def _check_all(columns: Mapping[str, Column], name: str, only: str) -> None:
    column = columns.get(name)
    if isinstance(column, StringColumn) and any(v not in ("", only) for v in column.values):
        raise InputError(f"an event names another {name} than its token")


def _constant(value: str, events: int) -> StringColumn:
    return StringColumn(np.zeros(events, np.int32), [value])
