"""Every deliberate error of the product, split by who must act.

    QianmianError
    ├── DefinitionError        the author of a definition (text, type, limit)
    │   ├── SyntaxProblem      the text cannot be read
    │   ├── TypeProblem        it can be read but does not mean anything
    │   ├── UnknownName        a name that the vocabulary does not have
    │   └── LimitExceeded      it is too deep, too large, or too many
    ├── InputError             the caller: a file, an argument, a message
    │   └── SnapshotProblem    a snapshot that this version cannot restore
    └── OperationalError       expected trouble of the surroundings: warn and count

Any other exception is our bug. Bad *data* is never an exception: it becomes a `Rejected` value.
The docstring of a class is its default message; `code` is stable and the key of its translations.
"""

from __future__ import annotations

import difflib
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


class SyntaxProblem(DefinitionError):
    """The text cannot be read."""

    code = "definition.syntax"

    def __init__(self, message: str | None = None, *, text: str = "", position: int = 0) -> None:
        super().__init__(message, text=text, position=position)
        self.text = text
        self.position = position

    @property
    def pointed(self) -> str:
        """The message, the text, and a caret under the place."""
        return (
            f"{self.message}\n  {self.text}\n  {' ' * self.position}^"
            if self.text
            else self.message
        )


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
        return cls(f'unknown {kind} "{name}".{hint}', kind=kind, name=name)


class LimitExceeded(DefinitionError):
    """A limit of the language or of the engine is exceeded."""

    code = "definition.limit"


class InputError(QianmianError):
    """The input cannot be used."""

    code = "input"


class SnapshotProblem(InputError):
    """The snapshot cannot be restored by this version."""

    code = "input.snapshot"


class OperationalError(QianmianError):
    """The surroundings failed in an expected way."""

    code = "operational"
