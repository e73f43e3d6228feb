"""From text to a bounded list of tokens.

People type expressions on Chinese keyboards: full-width punctuation, curly quotes, the full-width
yen and ≥ are read as their plain forms, one character for one, so that positions stay true.
`#` starts a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from qianmian.errors import LimitExceeded, SyntaxProblem
from qianmian.language.limits import MAX_TEXT
from qianmian.language.names import NAME
from qianmian.language.values import MAX_STRING

Sort = Literal["name", "number", "duration", "money", "string", "symbol", "end"]

_PLAIN: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: ord(" "),  # ideographic space
    0xFFE5: 0xA5,  # full-width yen
    0xFFE1: 0xA3,
    0xFF04: ord("$"),
}
_LONG: Final = {"\u2265": ">=", "\u2264": "<=", "\u2260": "!="}
_CLOSERS: Final = {
    '"': '"',
    "'": "'",
    "\u201c": '\u201d\u201c"',
    "\u201d": '\u201d\u201c"',
    "\u2018": "\u2019\u2018'",
    "\u2019": "\u2019\u2018'",
    "\u300c": "\u300d",
}
_SYMBOLS: Final = ("==", "!=", ">=", "<=", ">", "<", "(", ")", ",", ".", ":")
_DURATION: Final = re.compile(r"(?:[0-9]+(?:ms|[dhms]))+(?![0-9A-Za-z_])", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9A-Za-z_])")
_MONEY: Final = re.compile(r"[\u00a5$\u20ac] *-?[0-9]+(?:\.[0-9]+)?(?![0-9A-Za-z_.])")
_SPACE: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_WORD: Final = re.compile(r"[^\s()\",<>=]+")
_MONEY_SIGNS: Final = "\u00a5$\u20ac"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, literal or symbol; `text` is plain, a string is without its quotes.

    Units: at in characters from the start of the text.
    """

    sort: Sort
    text: str
    at: int

    @property
    def word(self) -> str:
        """The name in lower case; "" for what is no name."""
        return self.text.lower() if self.sort == "name" else ""


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text, closed by an "end" token.

    Raises: LimitExceeded for a text of more than 20,000 characters; SyntaxProblem, with its
        position, for a character that means nothing, or a string that does not end.
    """
    if len(text) > MAX_TEXT:
        raise LimitExceeded(
            f"the text has {len(text)} characters; at most {MAX_TEXT} are allowed, so make "
            "parts of it tags of their own"
        )
    plain = text.translate(_PLAIN)
    found: list[Token] = []
    at = 0
    while at < len(text):
        if space := _SPACE.match(plain, at):
            at = space.end()
            continue
        token, at = _next(text, plain, at)
        found.append(token)
    return (*found, Token("end", "", len(text)))


def _next(text: str, plain: str, at: int) -> tuple[Token, int]:
    char = plain[at]
    if char in _CLOSERS:
        return _string(text, plain, at)
    if char in _LONG:
        return Token("symbol", _LONG[char], at), at + 1
    if name := NAME.match(plain, at):
        return Token("name", name[0], at), name.end()
    literal = _literal(plain, at)
    if literal is not None:
        return literal
    for symbol in _SYMBOLS:
        if plain.startswith(symbol, at):
            return Token("symbol", symbol, at), at + len(symbol)
    raise SyntaxProblem(_unreadable(plain, at), text=text, position=at)


def _literal(plain: str, at: int) -> tuple[Token, int] | None:
    patterns: tuple[tuple[Sort, re.Pattern[str]], ...] = (
        ("duration", _DURATION),
        ("number", _NUMBER),
        ("money", _MONEY),
    )
    for sort, pattern in patterns:
        if match := pattern.match(plain, at):
            text = match[0].lower() if sort == "duration" else match[0].replace(" ", "")
            return Token(sort, text, at), match.end()
    return None


def _unreadable(plain: str, at: int) -> str:
    word = _WORD.match(plain, at)
    if plain[at] in _MONEY_SIGNS:
        return "an amount is written like \u00a5500 or \u00a59.90"
    if word is not None and plain[at].isdigit():
        return (
            f'"{word[0][:40]}" is neither a number nor a duration; write for example 3, 45s or 7d'
        )
    if plain[at] == "=":
        return "= is not a comparison; write =="
    return f"the character {plain[at]!r} means nothing here; strings stand in quotes"


def _string(text: str, plain: str, at: int) -> tuple[Token, int]:
    closers = _CLOSERS[plain[at]]
    parts: list[str] = []
    here = at + 1
    while here < len(text):
        char = text[here]
        if char in closers or plain[here] in closers:
            return Token("string", "".join(parts), at), here + 1
        if char == "\\" and here + 1 < len(text):
            here += 1
            char = text[here]
        parts.append(char)
        if len(parts) > MAX_STRING:
            break
        here += 1
    if len(parts) > MAX_STRING:
        raise LimitExceeded(
            f"a string is longer than {MAX_STRING} characters", text=text, position=at
        )
    raise SyntaxProblem("this string has no closing quote", text=text, position=at)
