"""A mapping file: what the columns of a foreign table mean, as data (YAML 1.2 or JSON).

    columns:                # ours: theirs
      viewer: user_id
      event_time: happened_at
      type: action
      product: sku
      amount: paid
      visit: session
    types:                  # theirs: ours; a word that is not here is rejected
      view: product_viewed
      buy: order_paid
    time: "%Y-%m-%d %H:%M:%S"   # or iso, seconds, milliseconds
    zone: Asia/Shanghai         # of times without an offset; default Asia/Shanghai
    amounts: decimal            # or minor
    currency: CNY
    constants: {room: main}     # fields that every row has
    delimiter: ","
    encoding: auto              # or utf-8, gb18030
    records: data.events        # webhooks only: where the list of events stands in the body

For a webhook the names on the right are paths into its JSON, such as `data.user.id` or
`items.0.sku`, and `event_time` may be left out: then it is the arrival.

`order_id` defaults to the number of the line. A negative amount of an order is a refund of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from ruamel.yaml.error import YAMLError

from qianmian.connectors.files import unreadable
from qianmian.connectors.instants import MAX_INSTANT_MS, parse_digits, parse_iso
from qianmian.errors import InputError, UnknownName
from qianmian.runtime.definitions import plain_yaml
from qianmian.runtime.source import Row
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME, ENVELOPE, event_type
from qianmian.vocabulary.money import DEFAULT_CURRENCY, MINOR_DIGITS, parse_minor
from qianmian.vocabulary.rejected import Rejected
from qianmian.vocabulary.time import SECOND_MS

MAX_MAPPING_BYTES = 1 << 16
ENCODINGS = ("auto", "utf-8", "gb18030")
_STRUCTURED = ("items", "traits", "properties")


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    columns: dict[str, str]
    types: dict[str, str]
    time: str = "iso"
    zone: str = "Asia/Shanghai"
    amounts: str = "decimal"
    currency: str = DEFAULT_CURRENCY
    constants: dict[str, str | int | bool] = {}
    delimiter: str = ","
    encoding: str = "auto"
    records: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping file."""

    columns: dict[str, str]
    types: dict[str, str]
    time: str
    zone: ZoneInfo
    amounts: str
    currency: str
    constants: dict[str, str | int | bool]
    delimiter: str
    encoding: str
    records: str = ""
    kinds: dict[str, str] = field(default_factory=dict)

    def translate(self, cells: list[str], line: int | str) -> Row | Rejected:
        """The event of one row; `cells` are in the order of `columns`.

        `line` names an order that has no id of its own.
        """
        given = dict(zip(self.columns, cells, strict=True))
        word = str(given.pop("type", self.constants.get("type", "")))
        name = self.types.get(word, word if word in CODE_BY_NAME and not self.types else None)
        if name is None:
            return Rejected("unknown_type", f'type "{word[:80]}"')
        row: Row = {"type": name}
        if "event_time" in given:
            written = given.pop("event_time")
            instant = self.instant(written)
            if instant is None:
                return Rejected("bad_time", f'event_time "{written[:80]}"')
            row["event_time"] = instant
        fields = event_type(name)
        for own, text in (self.constants | given).items():
            if own == "type" or text == "" or fields.field(own) is None:
                continue
            value = self._value(own, text)
            if isinstance(value, Rejected):
                return value
            row[own] = value
        return self._completed(row, line)

    def instant(self, text: str) -> int | None:
        """ms of a time as this file writes it."""
        if self.time == "iso":
            return parse_iso(text) or _parsed(text, None, self.zone)
        if self.time == "seconds":
            seconds = parse_digits(text)
            return (
                None
                if seconds is None or seconds * SECOND_MS >= MAX_INSTANT_MS
                else seconds * SECOND_MS
            )
        return (
            parse_digits(text)
            if self.time == "milliseconds"
            else _parsed(text, self.time, self.zone)
        )

    def _value(self, own: str, text: str | int) -> object | Rejected:
        kind = self.kinds[own]
        if not isinstance(text, str):
            return text
        if kind == "money":
            if self.amounts == "minor":
                return _whole(own, text.removeprefix("-"), negative=text.startswith("-"))
            minor = parse_minor(text.removeprefix("-"), self.currency)
            return -minor if isinstance(minor, int) and text.startswith("-") else minor
        if kind == "int":
            return _whole(own, text, negative=False)
        if kind == "bool":
            known = {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
            return Rejected("wrong_type", f'{own} "{text}"') if known is None else known
        return text

    def _completed(self, row: Row, line: int | str) -> Row | Rejected:
        """Orders get an id; a negative order is a refund; amounts get their currency."""
        fields = event_type(row["type"])
        if row.get("amount", 0) < 0 and row["type"] == "order_paid":
            fields = event_type("order_refunded")
            row |= {"type": fields.name, "amount": -row["amount"]}
            row = {own: value for own, value in row.items() if own == "type" or fields.field(own)}
        for own in ("order_id", "refund_id"):
            known = fields.field(own)
            if known is not None and known.required:
                row.setdefault(own, str(line))
        if ("amount" in row or "price" in row) and fields.field("currency") is not None:
            row.setdefault("currency", self.currency)
        return row


def read_mapping(path: Path) -> Mapping:
    """The mapping in this file.

    Raises: InputError when it cannot be read or a value makes no sense; UnknownName for a field
        or an event type there is not.
    """
    try:
        raw = path.read_bytes()[: MAX_MAPPING_BYTES + 1]
    except OSError as exc:
        raise unreadable(path, exc) from exc
    mapping = parse_mapping(raw, path.name, is_json=path.suffix == ".json")
    if mapping.records:
        raise InputError(f"{path.name}: records is for webhooks; a row of a table is a record")
    return mapping


def parse_mapping(raw: bytes, name: str, *, is_json: bool, needs_time: bool = True) -> Mapping:
    """The mapping in this text; `name` is what errors call it.

    Args:
        needs_time: the table must say when each event happened; a webhook need not.

    Raises: InputError when it cannot be read or a value makes no sense; UnknownName for a field
        or an event type there is not.
    """
    if len(raw) > MAX_MAPPING_BYTES:
        raise InputError(f"{name} is larger than a mapping can be (64 KB)", path=name)
    try:
        parsed = msgspec.json.decode(raw) if is_json else plain_yaml(raw.decode())
        document = msgspec.convert(parsed, _Document)
    except UnicodeDecodeError as exc:
        raise InputError(f"the mapping {name} is not UTF-8; save it as UTF-8") from exc
    except (YAMLError, msgspec.MsgspecError, RecursionError) as exc:
        raise InputError(
            f"the mapping {name} cannot be used: {exc}; see docs/replay.md", path=name
        ) from exc
    return _checked(name, document, needs_time=needs_time)


def _checked(name: str, document: _Document, *, needs_time: bool) -> Mapping:
    kinds: dict[str, str] = {
        field.name: field.type for event in CATALOG for field in (*ENVELOPE, *event.fields)
    }
    for own in (*document.columns, *document.constants):
        if own != "type" and (own not in kinds or kinds[own] in _STRUCTURED):
            raise UnknownName.of(f"field in {name}", own, kinds)
    for known in document.types.values():
        event_type(known)
    if needs_time and "event_time" not in document.columns:
        raise InputError(f"{name}: columns must say which one is the event_time")
    if "type" not in document.columns and "type" not in document.constants:
        raise InputError(f"{name}: name the type in columns, or as a constant")
    _check_who(name, document)
    _check_time(name, document.time)
    if document.currency not in MINOR_DIGITS:
        raise UnknownName.of(f"currency in {name}", document.currency, MINOR_DIGITS)
    if document.amounts not in ("decimal", "minor"):
        raise UnknownName.of(f"kind of amounts in {name}", document.amounts, ("decimal", "minor"))
    if document.encoding not in ENCODINGS:
        raise UnknownName.of(f"encoding in {name}", document.encoding, ENCODINGS)
    if len(document.delimiter) != 1:
        raise InputError(f"{name}: the delimiter must be one character")
    try:
        zone = ZoneInfo(document.zone)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise InputError(f"{name}: {document.zone} is no time zone, such as Asia/Shanghai") from exc
    return Mapping(
        columns=document.columns,
        types=document.types,
        time=document.time,
        zone=zone,
        amounts=document.amounts,
        currency=document.currency,
        constants=document.constants,
        delimiter=document.delimiter,
        encoding=document.encoding,
        records=document.records,
        kinds=kinds,
    )


def _check_who(name: str, document: _Document) -> None:
    """Refuse a mapping by which no row but those of a room could be an event."""
    given = {*document.columns, *document.constants}
    types = [event_type(name) for name in document.types.values()]
    of_viewers = not types or any(known.scope != "room" for known in types)
    if of_viewers and not given & {"viewer", "anonymous_id"}:
        raise InputError(f"{name}: columns must say which one is the viewer or anonymous_id")


def _check_time(name: str, pattern: str) -> None:
    if pattern in ("iso", "seconds", "milliseconds"):
        return
    some = datetime(2026, 11, 22, 10, 30, 59, tzinfo=UTC)
    if "%" not in pattern or _parsed(some.strftime(pattern), pattern, ZoneInfo("UTC")) is None:
        raise InputError(
            f'{name}: time is iso, seconds, milliseconds or a pattern such as "%Y-%m-%d '
            f'%H:%M:%S", not "{pattern}"'
        )


def _whole(own: str, text: str, *, negative: bool) -> int | Rejected:
    value = parse_digits(text)
    if value is None:
        return Rejected("wrong_type", f'{own} "{text}"')
    return -value if negative else value


def _parsed(text: str, pattern: str | None, zone: ZoneInfo) -> int | None:
    try:
        instant = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text)  # noqa: DTZ007
    except ValueError:
        return None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    return parse_iso(instant.astimezone(UTC).isoformat())
