"""Text classes of a danmaku: a bit mask computed once, when a comment is decoded.

The rules are data (`data/danmaku_lexicon.json`); this file only knows how to apply them:

* An entry is one to three fragments in order, at most `gap` characters apart, inside one clause,
  unless a fragment of `unless` stands in that clause (or, for a class, anywhere in the text).
* One Aho-Corasick pass finds all fragments; joining them is linear in the number of hits.
  Nothing backtracks, so no text can be slow.

`classify` is total: every string has an answer, and the empty answer is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import ahocorasick
import numpy as np
import numpy.typing as npt

from qianmian.errors import InputError
from qianmian.learning.lexicon import A_NOT_A, CLASSES, NUMBER, Entry, Lexicon, Reason, expand
from qianmian.learning.spelling import CLAUSE_ENDS, MAX_TEXT_CHARS, Normalizer, is_word, squeeze

__all__ = ["CLASSES", "MAX_TEXT_CHARS", "Lexicon", "Match", "Reason", "TextClassifier"]

Span = tuple[int, int]


@dataclass(frozen=True)
class Match:
    """Why a text has a class: the entry that matched, and where.

    Units: `start` and `end` count characters of `text`, which is the text as normalized.
    """

    cls: str
    entry: str
    why: Reason
    text: str
    start: int
    end: int

    @property
    def excerpt(self) -> str:
        """The matched part of the normalized text."""
        return self.text[self.start : self.end]


@dataclass(frozen=True)
class _Rule:
    """An entry compiled to symbols: a symbol is a number for a set of equal fragments."""

    entry: Entry
    bit: int
    slots: tuple[int, ...]
    unless: int | None


@dataclass
class _Scan:
    """What one pass found in one spelling of a text.

    `clause_start[i]` is where the clause of character `i` begins; the body of a clause is what
    is left of it without particles at either side. `steps` counts the work done.
    """

    text: str
    spans_by_symbol: dict[int, list[Span]]
    clause_start: list[int]
    body_by_clause: dict[int, Span]
    steps: int


REMEMBERED_CHARS = 32  # what many write is short
REMEMBERED_TEXTS = 16_384  # some 3 MB


class TextClassifier:
    """Gives each danmaku its text classes.

    Cost: O(characters + hits) per text, both bounded by MAX_TEXT_CHARS and the lexicon.
    Guarantees: the answer depends on the text and the lexicon only.
    """

    def __init__(self, lexicon: Lexicon, *, most_remembered: int = REMEMBERED_TEXTS) -> None:
        self.version = lexicon.version
        self._remembered: dict[str, int] = {}
        self._most_remembered = most_remembered
        self._reasons = lexicon.reasons
        self._normalize = Normalizer(lexicon.normalization)
        self._particles = frozenset(lexicon.normalization.particles)
        self._numerals = frozenset(lexicon.normalization.numerals)
        self._negations = frozenset(lexicon.normalization.negations)
        self._symbol_by_fragments: dict[frozenset[str], int] = {}
        self._rules_by_symbol: dict[int, list[_Rule]] = {}
        for entry in lexicon.entries:
            self._add_rule(entry, lexicon)
        self._vetoes = tuple(
            (1 << c.bit, self._symbol(c.unless)) for c in lexicon.classes if c.unless
        )
        symbols_by_fragment: dict[str, list[int]] = {}
        for fragments, symbol in self._symbol_by_fragments.items():
            for fragment in fragments:
                symbols_by_fragment.setdefault(fragment, []).append(symbol)
        self._number_symbols = tuple(symbols_by_fragment.pop(NUMBER, ()))
        self._a_not_a_symbols = tuple(symbols_by_fragment.pop(A_NOT_A, ()))
        self._fragments = ahocorasick.Automaton()
        # Never in a normalized text; an automaton without any word refuses to search.
        self._fragments.add_word("\0", (1, ()))
        for fragment, symbols in symbols_by_fragment.items():
            self._fragments.add_word(fragment, (len(fragment), tuple(symbols)))
        self._fragments.make_automaton()

    def classify(self, text: str) -> int:
        """The classes of `text` as a bit mask over `CLASSES`."""
        mask = 0
        for scan in self._scans(text):
            for rule, _ in self._matches(scan):
                mask |= rule.bit
        return mask

    def classify_many(self, texts: Iterable[str]) -> npt.NDArray[np.uint32]:
        """The mask of each text; a room repeats itself, so short texts are remembered.

        Shapes: n_texts -> uint32[n_texts]
        """
        remembered = self._remembered
        mask_by_text: dict[str, int] = {}
        masks: list[int] = []
        for text in texts:
            known = remembered if len(text) <= REMEMBERED_CHARS else mask_by_text
            mask = known.get(text)
            if mask is None:
                if len(remembered) >= self._most_remembered:
                    remembered.clear()
                mask = known[text] = self.classify(text)
            masks.append(mask)
        return np.array(masks, dtype=np.uint32)

    def explain(self, text: str) -> tuple[Match, ...]:
        """Every entry that matches `text`, found by the code path that `classify` uses."""
        match_by_entry: dict[str, Match] = {}
        for scan in self._scans(text):
            for rule, (start, end) in self._matches(scan):
                entry = rule.entry
                why = self._reasons[entry.why]
                match = Match(entry.cls, entry.id, why, scan.text, start, end)
                match_by_entry.setdefault(entry.id, match)
        return tuple(match_by_entry.values())

    def count_steps(self, text: str) -> int:
        """Elementary steps of `classify(text)`: characters read, hits, rules and spans tried."""
        steps = 0
        for scan in self._scans(text):
            for _ in self._matches(scan):
                pass
            steps += scan.steps
        return steps

    def _add_rule(self, entry: Entry, lexicon: Lexicon) -> None:
        alternatives = [expand(entry.id, slot, lexicon.groups) for slot in entry.find]
        rule = _Rule(
            entry=entry,
            bit=1 << CLASSES[entry.cls],
            slots=tuple(self._symbol(fragments) for fragments in alternatives),
            unless=self._symbol(expand(entry.id, entry.unless, lexicon.groups))
            if entry.unless
            else None,
        )
        # File a rule under its most telling slot; a question particle is in half of all texts.
        telling = [min(map(len, fragments)) for fragments in alternatives]
        key = rule.slots[telling.index(max(telling))]
        self._rules_by_symbol.setdefault(key, []).append(rule)

    def _symbol(self, fragments: Sequence[str]) -> int:
        special = (NUMBER, A_NOT_A)
        spelled = frozenset(f if f in special else self._normalize(f) for f in fragments)
        if "" in spelled:
            raise InputError(
                f"lexicon: one of {sorted(fragments)} has no letter or digit left when it is "
                "normalized, so it could never match; remove it",
            )
        return self._symbol_by_fragments.setdefault(spelled, len(self._symbol_by_fragments))

    def _scans(self, text: str) -> Iterator[_Scan]:
        """The text as written and, where doubled characters may hide a word, without them."""
        spelled = self._normalize(text)
        yield self._scan(spelled)
        single = squeeze(spelled, longest=1)
        if single != spelled:
            yield self._scan(single)

    def _scan(self, text: str) -> _Scan:
        spans: dict[int, list[Span]] = {}
        steps = len(text)
        for last, (length, symbols) in self._fragments.iter(text):
            span = (last + 1 - length, last + 1)
            if is_word(text, *span):
                steps += len(symbols)
                for symbol in symbols:
                    spans.setdefault(symbol, []).append(span)
        if self._number_symbols:
            numbers = self._number_spans(text)
            for symbol in self._number_symbols if numbers else ():
                spans.setdefault(symbol, []).extend(numbers)
        if self._a_not_a_symbols and not self._negations.isdisjoint(text):
            repeats = self._a_not_a_spans(text)
            for symbol in self._a_not_a_symbols if repeats else ():
                spans.setdefault(symbol, []).extend(repeats)
        scan = _Scan(text, spans, [], {}, steps)
        if spans:  # most comments have no fragment at all
            self._split_clauses(scan)
        return scan

    def _split_clauses(self, scan: _Scan) -> None:
        at = 0
        for position, char in enumerate(scan.text):
            scan.clause_start.append(at)
            if char in CLAUSE_ENDS:
                scan.body_by_clause.setdefault(at, (position, at))
                at = position + 1
            elif char not in self._particles:
                first, _ = scan.body_by_clause.get(at, (position, at))
                scan.body_by_clause[at] = (first, position + 1)
            scan.steps += 1
        scan.body_by_clause.setdefault(at, (len(scan.text), at))

    def _number_spans(self, text: str) -> list[Span]:
        spans: list[Span] = []
        start = -1
        for position, char in enumerate(text):
            if char.isdigit() or char in self._numerals:
                start = position if start < 0 else start
            elif start >= 0:
                spans.append((start, position))
                start = -1
        if start >= 0:
            spans.append((start, len(text)))
        return spans

    def _a_not_a_spans(self, text: str) -> list[Span]:
        """Where a word of one or two characters is repeated around a negation."""
        spans: list[Span] = []
        for at in range(1, len(text) - 1):
            if text[at] not in self._negations:
                continue
            for length in (1, 2):
                word = text[max(0, at - length) : at]
                if len(word) == length and word == text[at + 1 : at + 1 + length]:
                    if word.isalpha() and not word.isascii():
                        spans.append((at - length, at + 1 + length))
                    break
        return spans

    def _matches(self, scan: _Scan) -> Iterator[tuple[_Rule, Span]]:
        """The rules that match, each with the first span that does."""
        spans = scan.spans_by_symbol
        vetoed = 0
        for bit, symbol in self._vetoes:
            if symbol in spans:
                vetoed |= bit
        for key in tuple(spans):
            for rule in self._rules_by_symbol.get(key, ()):
                scan.steps += 1
                if rule.bit & vetoed or not all(slot in spans for slot in rule.slots):
                    continue
                span = self._first_match(rule, scan)
                if span is not None:
                    yield rule, span

    def _first_match(self, rule: _Rule, scan: _Scan) -> Span | None:
        reached = [s for s in scan.spans_by_symbol[rule.slots[0]] if self._may_start(rule, scan, s)]
        for slot in rule.slots[1:]:
            scan.steps += len(reached)
            reached = _join(reached, scan.spans_by_symbol[slot], rule.entry.gap, scan)
        scan.steps += len(reached)
        excluded: set[int] = set()
        if rule.unless is not None:
            found = scan.spans_by_symbol.get(rule.unless, ())
            scan.steps += len(found)
            excluded = {scan.clause_start[start] for start, _ in found}
        for span in reached:
            if scan.clause_start[span[0]] not in excluded and self._may_end(rule, scan, span):
                return span
        return None

    def _may_start(self, rule: _Rule, scan: _Scan, span: Span) -> bool:
        if rule.entry.at not in {"start", "whole"}:
            return True
        return span[0] <= scan.body_by_clause[scan.clause_start[span[0]]][0]

    def _may_end(self, rule: _Rule, scan: _Scan, span: Span) -> bool:
        if rule.entry.at not in {"end", "whole"}:
            return True
        return span[1] >= scan.body_by_clause[scan.clause_start[span[0]]][1]


def _join(reached: list[Span], spans: list[Span], gap: int, scan: _Scan) -> list[Span]:
    """Extend each reached span by a span that begins at most `gap` after it in its clause.

    The nearest reached end is enough: if it is too far or in another clause, all are.
    """
    joined: list[Span] = []
    ends = sorted(reached, key=lambda span: span[1])
    nearest = -1
    for start, end in sorted(spans):
        scan.steps += 1
        while nearest + 1 < len(ends) and ends[nearest + 1][1] <= start:
            nearest += 1
        if nearest >= 0 and ends[nearest][1] >= max(start - gap, scan.clause_start[start]):
            joined.append((ends[nearest][0], end))
    return joined
