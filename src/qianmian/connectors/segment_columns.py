"""Calls of Segment by the column, where all of them are plainly events.

`segment_calls.py` says what a call means, one call at a time. Here is the same for a whole list:
the fields of all calls are gathered per event type and settled as columns. Whatever is unusual (a
value of another type, a name without a counterpart, a link) makes it give up, and the caller goes
call by call. So this may be stricter than the rule, never laxer.

What no event takes from a call is checked to be JSON, and its values are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec
import numpy as np
from msgspec import UNSET, Raw

from qianmian.columns.batch import MISSING
from qianmian.connectors.instants import parse_iso
from qianmian.connectors.segment_calls import (
    DEFAULT_CURRENCY,
    PROPERTIES_BY_FIELD,
    amount_of,
    items_of,
    scalar_of,
    type_of_track,
)
from qianmian.connectors.settling import (
    NESTED,
    PLAIN,
    Column,
    Decoded,
    Gathered,
    Int64,
    Post,
    column_of,
    settled,
)
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME, EventField, event_type
from qianmian.vocabulary.rejected import Rejected

_EMPTY: Final = Raw(b"")
_MAX_NAME_CHARS: Final = 64
_HEARTBEAT: Final = CODE_BY_NAME["heartbeat"]
_PROFILE: Final = CODE_BY_NAME["profile_updated"]
_REFUND: Final = CODE_BY_NAME["order_refunded"]
_PAGE: Final = len(CATALOG)  # a heartbeat too, with other fields than one that was tracked
_GIVE_UP: Final = -1

_FIELDS: Final = {field.name: field for event in CATALOG for field in event.fields}
_ALIASES: Final = {name: PROPERTIES_BY_FIELD.get(name, (name,)) for name in _FIELDS}
_MONEY: Final = frozenset(
    alias for name, f in _FIELDS.items() if f.type == "money" for alias in _ALIASES[name]
)
_OTHERS: Final = {a for name in _FIELDS for a in _ALIASES[name]} - _MONEY

_Properties: Final = msgspec.defstruct(
    "_Properties",
    [
        *((name, Raw, _EMPTY) for name in sorted(_MONEY)),
        *((n, object, None) for n in sorted(_OTHERS | {"room", "room_id", "session_id", "url"})),
    ],
    gc=False,
)


class _Context(msgspec.Struct, gc=False):
    room: str | int | msgspec.UnsetType | None = UNSET
    sessionId: str | int | msgspec.UnsetType | None = UNSET  # noqa: N815


class _Call(msgspec.Struct, gc=False):
    """A call, in Segment's names."""

    type: str
    event: str = ""
    messageId: str | None = None  # noqa: N815
    userId: str | None = None  # noqa: N815
    anonymousId: str | None = None  # noqa: N815
    timestamp: str | None = None
    originalTimestamp: str | None = None  # noqa: N815
    sentAt: str | msgspec.UnsetType = UNSET  # noqa: N815
    properties: _Properties | None = None  # type: ignore[valid-type]
    context: _Context | msgspec.UnsetType = UNSET
    traits: dict[str, object] | None = None
    name: str | None = None


class _Body(msgspec.Struct, gc=False):
    batch: list[_Call]
    sentAt: str | None = None  # noqa: N815
    context: _Context | msgspec.UnsetType = UNSET


_BODY: Final = msgspec.json.Decoder(_Body, float_hook=Decimal)
_VALUE: Final = msgspec.json.Decoder(float_hook=Decimal)
_TEXT_ONLY: Final = frozenset({str, type(None)})
_TEXT_OR_WHOLE: Final = frozenset({str, int, type(None)})
_TYPES_BY_KIND: Final = {
    "string": _TEXT_OR_WHOLE,
    "text": _TEXT_ONLY,
    "int": frozenset({int, type(None)}),
    "bool": frozenset({bool, type(None)}),
}


class _UnusualCall(Exception):
    """Something that is decided call by call."""


def settled_calls(
    body: bytes, post: Post, *, linked: Container[str] = frozenset(), most: int
) -> Decoded | None:
    """The events of `{"batch": [...], "sentAt": ..., "context": ...}`, or None: go call by call.

    Args:
        linked: anonymous ids that are known to be linked.
        most: calls that a body may have.

    Raises: msgspec's errors, UnicodeDecodeError, OverflowError; what `post.whose` raises.
    Cost: 2 µs per call.
    """
    if not body.isascii():
        body.decode()  # what nobody reads is not checked otherwise
    given = _BODY.decode(body)
    if not 0 < len(given.batch) <= most:
        return None
    try:
        return _Calls(given, post, linked).settled()
    except _UnusualCall:
        return None


class _Calls:
    """The calls of a body, grouped by what they mean."""

    def __init__(self, body: _Body, post: Post, linked: Container[str]) -> None:
        self.body, self.post = body, post
        codes = [_code_of(call, linked) for call in body.batch]
        if _GIVE_UP in codes:
            raise _UnusualCall
        meant = np.array(codes, np.uint8)
        self.order = np.argsort(meant, kind="stable")
        self.meant = meant[self.order]
        self.calls = [body.batch[place] for place in self.order.tolist()]

    def settled(self) -> Decoded:
        """The events, in the order of their message."""
        gathered = Gathered()
        done = 0
        for code, count in enumerate(np.bincount(self.meant).tolist()):
            if not count:
                continue
            mine = slice(done, done + count)
            gathered.add(count, self._of_type(code, self.calls[mine], self.order[mine]).items())
            done += count
        columns = gathered.columns()
        plain: dict[str, Column] = {
            name: column_of(name, columns[name]) for name in PLAIN if name in columns
        }
        plain["event_time"] = self._times()
        nested: dict[str, list[Any]] = {n: columns[n] for n in NESTED if n in columns}
        kind = np.where(self.meant == _PAGE, np.uint8(_HEARTBEAT), self.meant)
        return settled(kind, plain, nested, self.post, self.order)

    def _of_type(self, code: int, calls: Sequence[_Call], places: Int64) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"message_id": [call.messageId for call in calls]}
        found |= self._who(calls)
        if code == _PROFILE:
            return found | {"traits": [_traits(call.traits) for call in calls]}
        properties = [call.properties for call in calls]
        found |= self._where(calls, properties)
        if code == _PAGE:
            found["page"] = [_page(call) for call in calls]
            return found | {"idle_ms": [0] * len(calls), "visible": [True] * len(calls)}
        found |= _fields(code, properties)
        if code == _REFUND:
            own = found.get("refund_id", [None] * len(calls))
            names = [
                call.messageId or f"{self.post.request}.{place}"
                for call, place in zip(calls, places.tolist(), strict=True)
            ]
            pairs = zip(own, names, strict=True)
            found["refund_id"] = [name if told is None else told for told, name in pairs]
        return found

    def _who(self, calls: Sequence[_Call]) -> dict[str, list[Any]]:
        """A browser's user id is not believed, so its anonymous id is kept beside it."""
        known = [call.userId for call in calls]
        unknown = [call.anonymousId for call in calls]
        if self.post.sender != "browser":
            pairs = zip(known, unknown, strict=True)
            unknown = [other if user is None else None for user, other in pairs]
        return {"viewer": known, "anonymous_id": unknown}

    def _where(self, calls: Sequence[_Call], told: Sequence[Any]) -> dict[str, list[Any]]:
        shared = self.body.context
        rooms, visits = [], []
        for call, properties in zip(calls, told, strict=True):
            room, visit = _around(call.context, shared)
            if properties is not None:
                room = properties.room or properties.room_id or room
                visit = properties.session_id or visit
            if type(room) not in _TEXT_OR_WHOLE or type(visit) not in _TEXT_OR_WHOLE:
                raise _UnusualCall
            rooms.append(str(room) if room else None)
            visits.append(str(visit) if visit else None)
        return {"room": rooms, "visit": visits}

    def _times(self) -> Int64:
        """As `event_time_of`; what is before 1970 is negative, and odd."""
        calls, arrival = self.calls, self.post.arrival_ms
        shared = self.body.sentAt
        sent = _instants([shared if c.sentAt is UNSET else c.sentAt for c in calls])
        stamp = _instants([call.timestamp for call in calls])
        original = _instants([call.originalTimestamp for call in calls])
        original_or_stamp = np.where(original == MISSING, stamp, original)
        is_known = (sent != MISSING) & (original_or_stamp != MISSING)
        plain = np.where(stamp == MISSING, original, stamp)
        plain = np.where(plain == MISSING, arrival, plain)
        shift = np.where(is_known, sent - original_or_stamp, 0)
        times: Int64 = np.where(is_known, arrival - shift, plain)
        return times


def _code_of(call: _Call, linked: Container[str]) -> int:
    kind = call.type
    if kind == "track":
        return _code_of_name(call.event) if len(call.event) <= _MAX_NAME_CHARS else _GIVE_UP
    if kind in ("page", "screen"):
        return _PAGE
    is_link = call.userId and call.anonymousId and call.anonymousId not in linked
    return _PROFILE if kind == "identify" and not is_link else _GIVE_UP


@lru_cache(maxsize=2_048)
def _code_of_name(event: str) -> int:
    known = type_of_track(event)
    if isinstance(known, Rejected) or "traits" in {f.name for f in event_type(known).fields}:
        return _GIVE_UP
    return CODE_BY_NAME[known]


def _around(own: Any, shared: Any) -> tuple[Any, Any]:
    """Room and visit of the context of a call, into which that of the body is merged."""
    room = UNSET if own is UNSET else own.room
    visit = UNSET if own is UNSET else own.sessionId
    if shared is not UNSET:
        room = shared.room if room is UNSET else room
        visit = shared.sessionId if visit is UNSET else visit
    return None if room is UNSET else room, None if visit is UNSET else visit


def _traits(given: dict[str, object] | None) -> dict[str, object]:
    scalars = {name: scalar_of(value) for name, value in (given or {}).items()}
    return {name: value for name, value in scalars.items() if value is not None}


def _page(call: _Call) -> str | None:
    told: Any = call.properties
    page = call.name or (told and (told.path or told.url))
    return page if isinstance(page, str) else None


_Getter = Callable[[Any], Any]
_GETTERS: Final[dict[str, _Getter]] = {
    alias: attrgetter(alias) for alias in (*_MONEY, *_OTHERS, "currency")
}


def _fields(code: int, told: Sequence[Any]) -> dict[str, list[Any]]:
    """The fields of one type, from the properties of its calls."""
    given = told if None not in told else [_NONE if one is None else one for one in told]
    currencies = list(map(_GETTERS["currency"], given))
    if not _TEXT_ONLY.issuperset(map(type, currencies)):
        raise _UnusualCall
    upper = [(text or DEFAULT_CURRENCY).upper() for text in currencies]
    found: dict[str, list[Any]] = {}
    priced = [False] * len(given)
    for field in CATALOG[code].fields:
        values = _values(field, given, upper)
        if values is None:
            continue
        found[field.name] = values
        if field.name in ("amount", "price", "items"):
            priced = [p or v is not None for p, v in zip(priced, values, strict=True)]
    if any(priced):
        told_of = zip(priced, upper, currencies, strict=True)
        found["currency"] = [known if is_priced else own for is_priced, known, own in told_of]
    return found


_NONE: Final = _Properties()


def _values(field: EventField, told: Sequence[Any], currencies: list[str]) -> list[Any] | None:
    """One field of all calls of a type; None when no call has it."""
    is_money = field.type == "money"
    values: list[Any] = [None] * len(told)
    for alias in _ALIASES[field.name]:
        named = list(map(_GETTERS[alias], told))
        if is_money:
            named = [None if one is _EMPTY or one == _NULL else one for one in named]
        if named.count(None) == len(named):
            continue
        values = [other if v is None else v for v, other in zip(values, named, strict=True)]
    if values.count(None) == len(values):
        return None
    if is_money:
        pairs = zip(values, currencies, strict=True)
        return [None if v is None else _minor(bytes(v), currency) for v, currency in pairs]
    if field.type == "items":
        lines = zip(values, currencies, strict=True)
        return [None if v is None else _accepted(items_of(v, c)) for v, c in lines]
    if not _TYPES_BY_KIND[field.type].issuperset(map(type, values)):
        raise _UnusualCall
    if field.type == "string":
        return [v if v is None or type(v) is str else str(v) for v in values]
    return values


_NULL: Final = Raw(b"null")


@lru_cache(maxsize=8_192)
def _minor(raw: bytes, currency: str) -> int:
    return int(_accepted(amount_of(_VALUE.decode(raw), currency)))


def _accepted(value: Any) -> Any:
    if isinstance(value, Rejected):
        raise _UnusualCall
    return value


def _instants(texts: list[str | None]) -> Int64:
    if texts.count(None) == len(texts):
        return np.full(len(texts), MISSING)
    return np.array([MISSING if text is None else _instant(text) for text in texts], np.int64)


def _instant(text: str) -> int:
    instant = parse_iso(text)
    if instant is None:
        raise _UnusualCall
    return instant
