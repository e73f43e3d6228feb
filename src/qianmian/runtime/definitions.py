"""A file of definitions: which conditions are active, and with which numbers.

JSON or YAML 1.2; either a list of definitions, or an object:

    builtin: true            # keep the built-in ones; default: if `definitions` is not there
    without: [idle_on_page]  # built-in ones that do not hold
    parameters:              # other numbers for built-in moments
      hesitation: {dwell: 90s}
    definitions:
      - key: big_order
        text: sum(order_paid.amount) this session >= ¥500
        kind: moment         # or tag, segment; default moment
        title: {zh: 大单, en: big order}
        meaning: {zh: 本场已经买了五百元}

A definition with the key of a built-in one takes its place. A key belongs to one definition,
whatever its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from qianmian.errors import DefinitionError, InputError, UnknownName
from qianmian.language.definition import KINDS, Definition
from qianmian.language.parse import parse_definition

MAX_FILE_BYTES = 8 << 20

Numbers = Mapping[str, Mapping[str, str | int]]


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One definition as people write it."""

    key: str
    text: str
    kind: str = "moment"
    version: int = 1
    title: dict[str, str] = {}
    meaning: dict[str, str] = {}

    def definition(self) -> Definition:
        """The checked definition.

        Raises: DefinitionError that names the key.
        """
        if self.kind not in KINDS:
            raise UnknownName.of(f"kind of {self.key}", self.kind, KINDS)
        return parse_definition(self.key, self.text, kind=self.kind, version=self.version)


class DefinitionFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file."""

    builtin: bool | None = None
    without: list[str] = []
    parameters: dict[str, dict[str, str | int]] = {}
    definitions: list[Written] = []

    @property
    def keeps_builtin(self) -> bool:
        """Whether the built-in definitions stay active."""
        return not self.definitions if self.builtin is None else self.builtin


def read_definitions(path: Path) -> DefinitionFile:
    """The file, with its shape checked; its texts are not read yet.

    Raises: InputError when it cannot be read or has another shape.
    """
    try:
        raw = path.read_bytes()
        _check_size(path, raw)
        parsed = msgspec.json.decode(raw) if path.suffix == ".json" else plain_yaml(raw.decode())
        if isinstance(parsed, list):
            parsed = {"definitions": parsed}
        return msgspec.convert(parsed, DefinitionFile)
    except FileNotFoundError as exc:
        raise InputError(f"there is no file {path}; check the path", path=str(path)) from exc
    except (OSError, UnicodeDecodeError, YAMLError, msgspec.MsgspecError) as exc:
        raise InputError(
            f"the definitions {path.name} cannot be read: {exc}; see docs/replay.md", path=str(path)
        ) from exc


def _check_size(path: Path, raw: bytes) -> None:
    if len(raw) > MAX_FILE_BYTES:
        raise InputError(f"{path.name} is larger than a file of definitions can be (8 MB)")


def plain_yaml(text: str) -> object:
    """YAML 1.2 without anchors: an alias can make a small file unfold to a huge one.

    Raises: InputError for an anchor or an alias; YAMLError when it is not YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    for token in yaml.scan(text):
        if type(token).__name__ in ("AliasToken", "AnchorToken"):
            raise InputError("anchors and aliases are not allowed; write the value twice")
    return yaml.load(text)


def written_yaml(file: DefinitionFile) -> str:
    """The file as YAML 1.2: `read_definitions` reads the same again."""
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_unicode = True
    yaml.width = 100
    plain = msgspec.to_builtins(file)
    plain["definitions"] = [_brief(one) for one in plain["definitions"]]
    sink = StringIO()
    yaml.dump({name: value for name, value in plain.items() if value not in (None, [], {})}, sink)
    return sink.getvalue()


def _brief(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if value != {}}


def checked_definitions(written: list[Written]) -> tuple[list[Definition], list[DefinitionError]]:
    """Every definition that can be used, and what is wrong with the others."""
    good: list[Definition] = []
    bad: list[DefinitionError] = []
    seen: set[str] = set()
    for one in written:
        try:
            definition = one.definition()
        except DefinitionError as exc:
            exc.params["key"] = one.key
            bad.append(exc)
            continue
        if one.key in seen:
            message = f'the key "{one.key}" is used twice; give each its own'
            bad.append(DefinitionError(message, key=one.key))
            continue
        seen.add(one.key)
        good.append(definition)
    return good, bad
