"""Facts taken into rows: bits and sums of history for viewers who are here, and for those to come.

A message names a build (`columns/facts.py`). From its clock on a row begins with what its viewer's
facts say, and live rows have it, too: attribute bits, the preset of each total, the end of the last
visit. All of it is silent: no moment fires from facts.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.facts import Facts, FoundFacts
from qianmian.engine import words as w
from qianmian.engine.predicates import COMPARE, compare
from qianmian.engine.prepare import Names, Preparer
from qianmian.engine.programs import Plan
from qianmian.engine.rows import settle_template, take_facts
from qianmian.engine.shard import Shard
from qianmian.engine.tabular import bit_mask
from qianmian.errors import InputError
from qianmian.language import ast
from qianmian.language.fact_columns import column_of
from qianmian.language.program import AtomKind

Bits = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.int64]


class Named(NamedTuple):
    """The boundary of facts, and by viewer where the atoms of the traits that they name stand.

    Shapes: `named` uint64[n, 3 * bit_words], with the ranks of the traits (see `Answers`).
    """

    boundary_ms: int
    at: npt.NDArray[np.int64]
    named: Bits


class Reader(Protocol):
    """What facts are written into (see `Core`)."""

    plan: Plan
    names: Names
    preparer: Preparer
    shards: list[Shard]
    namespace: str

    def shards_of(self, viewers: Codes) -> npt.NDArray[np.int16]:
        """The numbers of the shards of viewers."""
        ...


def check_facts(core: Reader, facts: Facts, clock_ms: int) -> None:
    """Refuse facts that cannot take effect now.

    Raises: InputError.
    """
    before = core.preparer.facts
    if facts.namespace != core.namespace:
        raise InputError(
            f'the facts {facts.hash[:12]} are of the namespace "{facts.namespace}", this engine is'
            f' of "{core.namespace}"; give it its own'
        )
    if facts.boundary_ms > clock_ms:
        raise InputError(
            f"the facts {facts.hash[:12]} go up to {facts.boundary_ms}, after their message at"
            f" {clock_ms}; a build takes effect after its day boundary"
        )
    if before is not None and facts.boundary_ms < before.boundary_ms:
        raise InputError(
            f"the facts {facts.hash[:12]} go up to {facts.boundary_ms}, before those in force"
            f" ({before.boundary_ms}); give a newer build"
        )


def take(core: Reader, facts: Facts) -> None:
    """Make these the facts of everybody.

    Cost: 2 µs per name seen so far, one pass over the live rows.
    """
    core.preparer.facts = facts
    for shard in core.shards:
        shard.state.PEOPLE[:, w.P_SEEN] = w.NEVER_64
    _write(core, facts, np.arange(len(core.names.viewers)))


def refresh(core: Reader) -> None:
    """After a change of definitions: write what the new ones read.

    Cost: nothing when they read no facts, else 2 µs per viewer with facts, one pass over the rows.
    """
    if core.preparer.facts is None or not (core.plan.attribute_bits or core.plan.layout.totals):
        return
    stored = [shard.state.PEOPLE[:, w.P_ATTRIBUTES] for shard in core.shards]
    had = [np.flatnonzero(column >= 0) for column in stored]
    _write(core, core.preparer.facts, np.concatenate(had))


def _write(core: Reader, facts: Facts, viewers: Codes) -> None:
    """Write the facts of these viewers, who are all that have any, into templates and rows."""
    everybody = _common_bits(core)
    had = []
    for shard in core.shards:
        had.append(_named_before(shard))
        shard.state.PEOPLE[:, w.P_ATTRIBUTES] = -1
        shard.state.G[w.G_ATTRIBUTES] = 0
        shard.state.G[w.G_BOUNDARY] = facts.boundary_ms
        _write_template(shard, everybody)
        _write_rows(shard, everybody)
    learn(core, viewers)
    for shard, before in zip(core.shards, had, strict=True):
        _answer_rows(core, shard, before)
        shard.note_all()
        row = 0
        while row < int(shard.state.G[w.G_ROWS]):
            row = int(take_facts(shard.tables, shard.state, row))
            if row < int(shard.state.G[w.G_ROWS]):
                shard.grow(w.NEED_ARENA)


def learn(core: Reader, viewers: Codes) -> None:
    """Keep ready what the rows of these viewers will begin with."""
    facts = core.preparer.facts
    if facts is None or not len(viewers):
        return
    names = [str(name) for name in core.names.viewers.values(viewers.tolist())]
    for found in facts.look_up(names):
        answers = _answers(core, facts, found)
        for number, shard in enumerate(core.shards):
            mine = np.flatnonzero(core.shards_of(viewers[found.places]) == number)
            _keep(shard, viewers[found.places[mine]], answers.taken(mine))


class Answers(NamedTuple):
    """What facts say of some viewers: atoms true, traits named, sums, end of the last visit (ms).

    `ranks` are those of the traits named, two bits of each: the higher ones, then the lower ones.

    Shapes: uint64[n, bit_words] twice, uint64[n, 2 * bit_words], int64[n, totals], int64[n]
    """

    true: Bits
    named: Bits
    ranks: Bits
    totals: npt.NDArray[np.int64]
    seen: npt.NDArray[np.int64]

    def taken(self, rows: npt.NDArray[np.intp]) -> Answers:
        """Those of some of the viewers."""
        true, named, ranks = self.true[rows], self.named[rows], self.ranks[rows]
        return Answers(true, named, ranks, self.totals[rows], self.seen[rows])


def _answers(core: Reader, facts: Facts, found: FoundFacts) -> Answers:
    layout, n = core.plan.layout, len(found.places)
    true, named, high, low = (np.zeros((n, layout.bit_words), np.uint64) for _ in range(4))
    for bit, name, cmp, wanted in core.plan.attribute_bits:
        word, mask = bit >> 6, np.uint64(1 << (bit & 63))
        family, _, key = name.partition(".")
        if family == "days":
            true[:, word] |= mask * np.uint64(key in facts.columns)
        elif family == "segment" and key in facts.segments:
            true[found.segment(key), word] |= mask
        elif family == "score" and key in facts.scores:
            rows, scores = found.score(key)
            true[rows[COMPARE[cmp](scores, wanted)], word] |= mask
        else:
            known = found.trait(name)
            hold = [code for code, value in known.items() if compare(value, cmp, wanted)]
            named[np.isin(found.documents, list(known)), word] |= mask
            ranks = found.ranks(name)
            for plane, place in ((high, 2), (low, 1)):
                set_ = [code for code, rank in ranks.items() if rank & place]
                plane[np.isin(found.documents, set_), word] |= mask
            true[np.isin(found.documents, hold), word] |= mask
    totals = np.zeros((n, len(layout.totals)), np.int64)
    for t, (slot, column) in enumerate(zip(layout.totals, layout.total_columns, strict=True)):
        totals[:, t] = found.total(column.name, column.days)
        for atom in layout.program.atoms:
            if atom.slot is slot:
                bit = layout.bit_of[atom.bit]
                true[totals[:, t] >= atom.rank, bit >> 6] |= np.uint64(1 << (bit & 63))
    ranks_of_all = np.hstack([high, low])
    return Answers(true, named, ranks_of_all, totals, found.last_seen(w.NEVER_64))


def _keep(shard: Shard, viewers: Codes, answers: Answers) -> None:
    first = int(shard.state.G[w.G_ATTRIBUTES])
    while first + len(viewers) > len(shard.state.ATTS):
        shard.grow(w.NEED_ATTRIBUTES)
    state, last = shard.state, first + len(viewers)
    state.G[w.G_ATTRIBUTES] = last
    state.PEOPLE[viewers, w.P_ATTRIBUTES] = np.arange(first, last)
    state.ATTS[first:last] = np.hstack([answers.true, answers.named, answers.ranks])
    state.FV[first:last] = answers.totals
    ended = answers.seen - np.where(answers.seen == w.NEVER_64, 0, shard.base_ms)
    state.PEOPLE[viewers, w.P_SEEN] = np.maximum(state.PEOPLE[viewers, w.P_SEEN], ended)


def _common_bits(core: Reader) -> tuple[Bits, Bits]:
    """Bits that are the same for everybody: which columns the facts carry (which, and true)."""
    facts, layout = core.preparer.facts, core.plan.layout
    which, true = np.zeros((2, layout.bit_words), np.uint64)
    for atom in layout.program.atoms:
        if isinstance(atom.attribute, ast.Count | ast.Sum) and atom.kind is AtomKind.ATTRIBUTE:
            mask = bit_mask([layout.bit_of[atom.bit]], layout.bit_words)
            which |= mask
            if facts is not None and column_of(atom.attribute).name in facts.columns:
                true |= mask
    return which, true


def restore(core: Reader, facts: Facts) -> None:
    """Put the facts back that a snapshot was taken with; its rows have them already."""
    core.preparer.facts = facts
    for shard in core.shards:
        _write_template(shard, _common_bits(core))


def _write_template(shard: Shard, everybody: tuple[Bits, Bits]) -> None:
    which, true = everybody
    first, words = shard.layout.bits_at, 2 * len(which)
    bits = shard.tables.TEMPLATE[first : first + words].view(np.uint64)
    bits[:] = (bits & ~which) | true
    kept = shard.state.I[0].copy()  # the template is settled in the place of the first row
    settle_template(shard.tables, shard.state)
    shard.state.I[0] = kept


def _write_rows(shard: Shard, everybody: tuple[Bits, Bits]) -> None:
    which, true = everybody
    used, first = int(shard.state.G[w.G_ROWS]), shard.layout.bits_at // 2
    bits = shard.state.Q[:used, first : first + len(which)]
    bits[:] = (bits & ~which) | true


def _named_before(shard: Shard) -> Named:
    """Which traits the facts in force name, by viewer, and since when."""
    state, at = shard.state, shard.state.PEOPLE[:, w.P_ATTRIBUTES]
    return Named(
        int(state.G[w.G_BOUNDARY]), at.copy(), state.ATTS[:, shard.layout.bit_words :].copy()
    )


def _answer_rows(core: Reader, shard: Shard, before: Named) -> None:
    """Attributes of live rows, of those who have facts or had some."""
    state, n_words, which = shard.state, shard.layout.bit_words, shard.layout.attribute_mask
    if not which.any():
        return
    viewers = state.I[: int(state.G[w.G_ROWS]), w.VIEWER]
    rows = np.flatnonzero(viewers >= 0)
    at, old = state.PEOPLE[viewers[rows], w.P_ATTRIBUTES], before.at[viewers[rows]]
    concerned = (at >= 0) | (old >= 0)
    rows, at, old = rows[concerned], at[concerned], old[concerned]
    first = shard.layout.bits_at // 2
    bits = state.Q[rows, first : first + n_words]
    answers = _of(state.ATTS, at)
    _, common = _common_bits(core)
    fresh = (bits & ~which) | ((answers[:, :n_words] | common) & which)
    hidden = _of(before.named, old)
    words = zip(shard.tables.ATTRIBUTE_WORDS.tolist(), shard.tables.ATTRIBUTE_BITS, strict=True)
    for word, mask in words:  # a trait told live holds where no newer facts name it
        time = state.I[rows, word]
        time_ms = time.astype(np.int64) + shard.base_ms
        rank, since = state.I[rows, word + 1], core.preparer.boundary_ms
        is_hidden = hiding(answers[:, n_words:], rank, time_ms < since) & mask
        live = (time != w.NEVER) & ~is_hidden.any(axis=1)
        hid = hiding(hidden, rank, time_ms < before.boundary_ms) & mask
        was_hidden = live & hid.any(axis=1)
        told = bits.copy()
        for place in np.flatnonzero(was_hidden).tolist():
            told[place] = core.preparer.told_of(int(viewers[rows[place]]))
        fresh[live] = (fresh[live] & ~mask) | (told[live] & mask)
    state.Q[rows, first : first + n_words] = fresh


def hiding(named: Bits, rank: npt.NDArray[np.int32], is_early: npt.NDArray[np.bool_]) -> Bits:
    """The atoms of traits of which facts count more than what was told live, of each viewer.

    Args:
        named: atoms of the traits that facts name, and their ranks as two bits of each.
        rank, is_early: of what was told: by whom, and whether before the boundary.

    Shapes: uint64[n, 3 * bit_words], int32[n], bool[n] -> uint64[n, bit_words]
    """
    by_name, high, low = np.split(named, 3, axis=1)
    told, nobody = rank[:, None], np.zeros_like(high)
    above = np.select([told == k for k in range(3)], [high | low, high, high & low], nobody)
    found: Bits = by_name & np.where(is_early[:, None], ~nobody, above)
    return found


def _of(table: Bits, at: npt.NDArray[np.int64]) -> Bits:
    """Rows of a table, zeros where there is none."""
    found = np.zeros((len(at), table.shape[1]), np.uint64)
    found[at >= 0] = table[at[at >= 0]]
    return found
