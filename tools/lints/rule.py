"""What a house rule is: a name, a sentence, the files it covers, and a pure check of one file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Source:
    """One Python file, read and parsed once for all rules."""

    path: PurePosixPath  # relative to the top of the checkout
    text: str
    tree: ast.Module = field(repr=False)

    @classmethod
    def of(cls, path: str, text: str) -> Source:
        """Parse a file, or a sample in a test."""
        return cls(PurePosixPath(path), text, ast.parse(text, path))

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Everything in it, as `ast.walk` finds it: nine rules ask."""
        return tuple(ast.walk(self.tree))

    @property
    def is_product(self) -> bool:
        """It is shipped."""
        return self.path.parts[:2] == ("src", "qianmian")

    @property
    def floor(self) -> str:
        """The floor it lies on ("engine", "errors"); empty outside the product and for its root."""
        if not self.is_product:
            return ""
        return self.path.parts[2].removesuffix(".py").removeprefix("__init__")

    @property
    def module(self) -> str:
        """The dotted name by which it is imported."""
        parts = self.path.with_suffix("").parts
        if parts[0] == "src":
            parts = parts[1:]
        return ".".join(parts).removesuffix(".__init__")


@dataclass(frozen=True, order=True)
class Finding:
    """One place that breaks one rule."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Rule:
    """A house rule; each module of this package holds one as `RULE`."""

    name: str
    summary: str
    covers: Callable[[Source], bool]
    check: Callable[[Source], Iterator[tuple[int, str]]]

    def findings(self, source: Source) -> list[Finding]:
        """Every place of the file that breaks the rule; none if it does not cover the file."""
        if not self.covers(source):
            return []
        path = str(source.path)
        return [Finding(path, line, self.name, text) for line, text in self.check(source)]
