"""Reading tokens one by one, with errors that say where, what, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from qianmian.errors import DefinitionError, LimitExceeded, SyntaxProblem
from qianmian.language.ast import COMPARISONS, MAX_DEPTH, Node
from qianmian.language.catalog import operator_of
from qianmian.language.tokens import Token, tokens_of
from qianmian.vocabulary.time import parse_duration

_SLACK = 8  # parentheses that flattening removes again; the tree itself is checked later


class Cursor:
    """A place in a text. `key_words` are the uses of `product` and `category` as the key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.key_words: list[Token] = []
        self._tokens = tokens_of(text)
        self._at = 0
        self._depth = 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    def ahead(self, count: int) -> Token:
        """The token so many places after the next one."""
        return self._tokens[min(self._at + count, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Take the next token; the end stays."""
        token = self.token
        if token.sort != "end":
            self._at += 1
        return token

    def is_symbol(self, symbol: str, ahead: int = 0) -> bool:
        """Whether that token is this symbol."""
        token = self.ahead(ahead)
        return token.sort == "symbol" and token.text == symbol

    def are_words(self, *words: str) -> bool:
        """Whether the next tokens are these keywords."""
        return all(self.ahead(place).word == word for place, word in enumerate(words))

    def take_words(self, *words: str) -> bool:
        """Take these keywords if they are next."""
        if not self.are_words(*words):
            return False
        self._at += len(words)
        return True

    def take_symbol(self, symbol: str) -> bool:
        """Take this symbol if it is next."""
        if not self.is_symbol(symbol):
            return False
        self._at += 1
        return True

    def need_symbol(self, symbol: str, why: str) -> None:
        """Take this symbol.

        Raises: SyntaxProblem when it is not next.
        """
        if not self.take_symbol(symbol):
            self.fail(f'"{symbol}" is expected {why}')

    def need_word(self, word: str, why: str) -> None:
        """Take this keyword.

        Raises: SyntaxProblem when it is not next.
        """
        if not self.take_words(word):
            self.fail(f'"{word}" is expected {why}')

    def need_name(self, why: str) -> Token:
        """Take a name."""
        if self.token.sort != "name":
            self.fail(f"a name is expected {why}")
        return self.advance()

    def need_duration(self, why: str) -> int:
        """Take a duration; ms."""
        token = self.token
        if token.sort != "duration":
            self.fail(f"a duration such as 60s, 2m or 7d is expected {why}")
        with self.at(token):
            ms = parse_duration(token.text)
        self.advance()
        return ms

    def need_comparison(self, after: str) -> str:
        """Take one of == != >= <= > <."""
        if self.token.sort != "symbol" or self.token.text not in COMPARISONS:
            self.fail(f"a comparison ({' '.join(COMPARISONS)}) is expected after {after}")
        return self.advance().text

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        """Raise a SyntaxProblem at a token, by default the next one."""
        place = token or self.token
        found = f', not "{place.text[:40]}"' if place.sort != "end" else "; the text ends here"
        raise SyntaxProblem(message + found, text=self.text, position=place.at)

    @contextmanager
    def at(self, token: Token) -> Iterator[None]:
        """Give errors of the block the position of a token."""
        try:
            yield
        except DefinitionError as problem:
            if "position" in problem.params and problem.params.get("text"):
                raise
            if isinstance(problem, SyntaxProblem):
                raise SyntaxProblem(problem.message, text=self.text, position=token.at) from problem
            problem.params |= {"text": self.text, "position": token.at}
            raise

    def made(self, node: Node, token: Token) -> Node:
        """A node whose values are checked; errors get the position of the token."""
        with self.at(token):
            operator_of(node).verify(node)
        return node

    @contextmanager
    def deeper(self) -> Iterator[None]:
        """One level further down.

        Raises: LimitExceeded before Python's own stack does.
        """
        self._depth += 1
        if self._depth > MAX_DEPTH + _SLACK:
            raise LimitExceeded(
                f"the expression is nested deeper than {MAX_DEPTH}; "
                "make inner parts tags of their own",
                text=self.text,
                position=self.token.at,
            )
        try:
            yield
        finally:
            self._depth -= 1


Reader = Callable[[Cursor], Node]
