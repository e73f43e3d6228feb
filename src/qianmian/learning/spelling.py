"""One spelling for what viewers spell in many ways.

Width, case, traditional characters, emoji that stand for a word, homophones, stretched words,
words spelled out with spaces, invisible characters. Lexicon and comments pass through the same
function, so an entry matches however either of them is written.

The result is clauses of letters and digits, separated by BREAK, "?" or "!".
"""

from __future__ import annotations

import unicodedata
from itertools import groupby
from operator import eq

import ahocorasick

from qianmian.learning.lexicon import Normalization

MAX_TEXT_CHARS = 500  # platforms allow about 100; beyond this a text is an attack, not a comment
BREAK = " "
CLAUSE_ENDS = frozenset((BREAK, "?", "!"))
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_INVISIBLE = frozenset(("Cf", "Cc", "Cs", "Co", "Cn", "Sk", "Mn", "Mc", "Me"))


class _CharacterTable(dict[int, str]):
    """What `str.translate` puts for a character; decided by category when not listed.

    Guarantees: remembers characters of the basic plane only, so at most 65,536 of them.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category[0] in "LN" or char in CLAUSE_ENDS:
            kept = char
        elif category in _INVISIBLE and not char.isspace():
            kept = ""  # these sit inside words to dodge filters, or tint an emoji
        else:
            kept = BREAK
        if code <= 0xFFFF:
            self[code] = kept
        return kept


class Normalizer:
    """Normalizes texts by a table of equal characters and words.

    Cost: O(characters), on at most MAX_TEXT_CHARS of them.
    """

    def __init__(self, table: Normalization) -> None:
        self._characters = _CharacterTable({ord(c): to for c, to in table.characters.items()})
        spelled = {self._spell(word): to for word, to in table.words.items()}
        spelled.pop("", None)
        self._words = ahocorasick.Automaton() if spelled else None
        if self._words is not None:
            for word, to in spelled.items():
                self._words.add_word(word, (len(word), to))
            self._words.make_automaton()

    def __call__(self, text: str) -> str:
        """`text` in the one spelling, at most MAX_TEXT_CHARS long."""
        spelled = self._spell(text[:MAX_TEXT_CHARS])
        return self._replace_words(spelled)[:MAX_TEXT_CHARS]

    def _spell(self, text: str) -> str:
        # One character can fold into eighteen, so cut again.
        folded = unicodedata.normalize("NFKC", text)[:MAX_TEXT_CHARS].lower()
        return squeeze(_join_spelled_out(folded.translate(self._characters)), longest=2)

    def _replace_words(self, text: str) -> str:
        if self._words is None:
            return text
        parts: list[str] = []
        done = 0
        for last, (length, to) in self._words.iter_long(text):
            start = last + 1 - length
            if is_word(text, start, last + 1):
                parts += (text[done:start], to)
                done = last + 1
        return "".join((*parts, text[done:])) if parts else text


def _join_spelled_out(text: str) -> str:
    """Drop breaks beside a single character: a word spelled out is still one word."""
    if BREAK not in text:
        return text
    joined: list[str] = []
    was_single = True
    for part in text.split():
        is_single = len(part) == 1 and not part.isascii()
        if not (is_single or was_single):
            joined.append(BREAK)
        joined.append(part)
        was_single = is_single
    return "".join(joined)


def squeeze(text: str, longest: int) -> str:
    """Runs of one character longer than `longest` become one; numbers stay as they are."""
    if not any(map(eq, text, text[1:])):  # nearly always, and this check runs in C
        return text
    kept: list[str] = []
    for char, run in groupby(text):
        count = sum(1 for _ in run)
        stays = char.isdigit() or (count <= longest and char not in CLAUSE_ENDS)
        kept.append(char * count if stays else char)
    return "".join(kept)


def is_word(text: str, start: int, end: int) -> bool:
    """False when a Latin fragment is only a piece of a longer Latin word."""
    starts_inside = start > 0 and text[start] in _LETTERS and text[start - 1] in _LETTERS
    ends_inside = end < len(text) and text[end - 1] in _LETTERS and text[end] in _LETTERS
    return not (starts_inside or ends_inside)
