"""Every deliberate error of the product, split by who must act.

    QianmianError
    ├── DefinitionError        the author of a definition (text, type, limit)
    │   ├── SyntaxProblem      the text cannot be read
    │   ├── TypeProblem        it can be read but does not mean anything
    │   ├── UnknownName        a name that the vocabulary does not have
    │   ├── LimitExceeded      it is too deep, too large, or too many
    │   ├── NotInHistory       a question that history cannot answer
    │   ├── InUse              others name it: it cannot go
    │   ├── SensitiveTopic     people are not classed by this
    │   └── NotThere           no such draft, version or active definition
    ├── InputError             the caller: a file, an argument, a message
    │   ├── SheetProblem       a table that cannot be read as a whole
    │   ├── SelfApproval       who made something cannot approve it
    │   ├── SnapshotProblem    a snapshot that this version cannot restore
    │   └── LogProblem         a log that cannot be read as it is
    └── OperationalError       expected trouble of the surroundings: warn and count
        ├── LogUnavailable     the log cannot be written now
        │   └── DiskFull       its disk is full
        ├── LogInUse           another process writes the log
        ├── HistoryTooLarge    a question needs more memory than reading may take
        └── Overloaded         more arrives than can be made durable: the sender tries again

Any other exception is our bug. Bad *data* is never an exception: it becomes a `Rejected` value.
The docstring of a class is its default message; `code` is stable and the key of its translations.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable


class QianmianError(Exception):
    """Something went wrong in a way Qianmian knows about."""

    code = "qianmian"

    def __init__(self, message: str | None = None, **params: object) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip().splitlines()[0])
        self.params = params

    @property
    def message(self) -> str:
        """The sentence for the person who must act."""
        return str(self.args[0])


class DefinitionError(QianmianError):
    """The definition cannot be used as written."""

    code = "definition"

    @property
    def pointed(self) -> str:
        """The message and, where the place is known, its line with a caret under it."""
        text, position = self.params.get("text"), self.params.get("position")
        if not isinstance(text, str) or not isinstance(position, int) or not text.strip():
            return self.message
        return f"{self.message}\n{_line_with_caret(text, position)}"


class SyntaxProblem(DefinitionError):
    """The text cannot be read."""

    code = "definition.syntax"

    def __init__(self, message: str | None = None, *, text: str = "", position: int = 0) -> None:
        super().__init__(message, text=text, position=position)
        self.text = text
        self.position = position


class TypeProblem(DefinitionError):
    """The parts do not fit together."""

    code = "definition.type"


class UnknownName(DefinitionError):
    """A name is not known."""

    code = "definition.unknown_name"

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownName:
        """Name the unknown and, when one is near, what was probably meant."""
        near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        params = {"kind": kind, "name": name} | ({"near": near[0]} if near else {})
        return cls(f'unknown {kind} "{name}".{hint}', **params)


class LimitExceeded(DefinitionError):
    """A limit of the language or of the engine is exceeded."""

    code = "definition.limit"


class InUse(DefinitionError):
    """Other definitions name it; change these first."""

    code = "definition.in_use"


class SensitiveTopic(DefinitionError):
    """It is about sensitive personal information; people are not classed by it."""

    code = "definition.sensitive"


class NotThere(DefinitionError):
    """There is no such draft, version or active definition."""

    code = "definition.not_there"


class NotInHistory(DefinitionError):
    """History cannot say this; `reason` says what it is about: visit, state, score or other."""

    code = "definition.not_in_history"

    @property
    def reason(self) -> str:
        """What history does not know."""
        return str(self.params.get("reason", "other"))


class InputError(QianmianError):
    """The input cannot be used."""

    code = "input"


class SheetProblem(InputError):
    """The table cannot be read."""

    code = "input.sheet"


class SelfApproval(InputError):
    """Somebody else approves it."""

    code = "input.self_approval"


class SnapshotProblem(InputError):
    """The snapshot cannot be restored by this version."""

    code = "input.snapshot"


class LogProblem(InputError):
    """The log is damaged, incomplete, or of another version."""

    code = "input.log"


class OperationalError(QianmianError):
    """The surroundings failed in an expected way."""

    code = "operational"


class LogUnavailable(OperationalError):
    """The log cannot be written now; nothing that was acknowledged is lost."""

    code = "operational.log"


class DiskFull(LogUnavailable):
    """The disk of the log is full; nothing that was acknowledged is lost."""

    code = "operational.disk_full"


class LogInUse(OperationalError):
    """Another process writes this log."""

    code = "operational.log_in_use"


class HistoryTooLarge(OperationalError):
    """The question needs more memory than reading history may take."""

    code = "operational.history_too_large"


class Overloaded(OperationalError):
    """More arrives than can be written; send it again later."""

    code = "operational.overloaded"

    def __init__(self, message: str | None = None, *, retry_after_ms: int = 1_000) -> None:
        super().__init__(message, retry_after_ms=retry_after_ms)
        self.retry_after_ms = retry_after_ms


def _line_with_caret(text: str, position: int) -> str:
    """The line of a position, numbered if there are several, and a caret under the character.

    A place behind the last line that says something is shown at the end of that line.

    Units: position in characters from the start of the text.
    """
    said = text.rstrip()
    at = min(position, len(said))
    start = said.rfind("\n", 0, at) + 1
    line = said[start:].partition("\n")[0].rstrip("\r")
    label = f"  line {said.count(chr(10), 0, at) + 1}: " if "\n" in said else "  "
    return f"{label}{line}\n{' ' * len(label)}{_blank(said[start:at])}^"


def _blank(text: str) -> str:
    """Spaces as wide as the text on a terminal; a tab stays a tab, so that it ends where it did."""
    return "".join(char if char == "\t" else " " * _columns(char) for char in text)


def _columns(char: str) -> int:
    """Columns of a character: two for a Chinese one, none for a mark over another."""
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
