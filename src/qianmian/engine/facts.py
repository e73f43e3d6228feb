"""Facts taken into rows: bits and sums of history for viewers who are here, and for those to come.

A message names a build (`columns/facts.py`). From its clock on a row begins with what its viewer's
facts say, and live rows have it, too: attribute bits, the preset of each total, the end of the last
visit. All of it is silent: no moment fires from facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from qianmian.columns.facts import Facts, ViewerFacts
from qianmian.engine import words as w
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


class Named(NamedTuple):
    """Of each viewer with facts the atoms of the traits that they name, and their boundary."""

    boundary_ms: int
    by_viewer: dict[int, Bits]


class Reader(Protocol):
    """What facts are written into (see `Core`)."""

    plan: Plan
    names: Names
    preparer: Preparer
    shards: list[Shard]
    namespace: str

    def shard_of(self, viewer: int) -> Shard:
        """The shard of a viewer."""
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

    Cost: 1 µs per name seen so far, 30 µs per one with facts, one pass over the live rows.
    """
    core.preparer.facts = facts
    for shard in core.shards:
        shard.state.PEOPLE[:, w.P_SEEN] = w.NEVER_64
    _write(core, facts, range(len(core.names.viewers)))


def refresh(core: Reader) -> None:
    """After a change of definitions: write what the new ones read.

    Cost: nothing when they read no facts, else 30 µs per viewer with facts, one pass over the rows.
    """
    if core.preparer.facts is None or not (core.plan.attribute_bits or core.plan.layout.totals):
        return
    stored = [shard.state.PEOPLE[:, w.P_ATTRIBUTES] for shard in core.shards]
    had = [np.flatnonzero(column >= 0).tolist() for column in stored]
    _write(core, core.preparer.facts, [viewer for viewers in had for viewer in viewers])


def _write(core: Reader, facts: Facts, viewers: Iterable[int]) -> None:
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


def learn(core: Reader, viewers: Iterable[int]) -> None:
    """Keep ready what the rows of these viewers will begin with."""
    facts = core.preparer.facts
    if facts is None:
        return
    for viewer in viewers:
        found = facts.of(str(core.names.viewers.value(viewer)))
        if found is not None:
            shard = core.shard_of(viewer)
            _keep(core, shard, viewer, found)


def _keep(core: Reader, shard: Shard, viewer: int, found: ViewerFacts) -> None:
    at = int(shard.state.G[w.G_ATTRIBUTES])
    if at == len(shard.state.ATTS):
        shard.grow(w.NEED_ATTRIBUTES)
    state, layout = shard.state, shard.layout
    state.G[w.G_ATTRIBUTES] = at + 1
    state.PEOPLE[viewer, w.P_ATTRIBUTES] = at
    values, known = state.ATTS[at].reshape(2, -1)
    values[:], known[:] = 0, 0
    core.preparer.answers(core.preparer.facts_of(viewer), known, values)
    known &= _traits(shard)
    for t, (slot, column) in enumerate(
        zip(layout.totals, core.plan.layout.total_columns, strict=True)
    ):
        total = state.FV[at, t] = found.total(column.name, column.days)
        for atom in layout.program.atoms:
            if atom.slot is slot and total >= atom.rank:
                values |= bit_mask([layout.bit_of[atom.bit]], layout.bit_words)
    if found.last_seen is not None:
        ended = found.last_seen - shard.base_ms
        state.PEOPLE[viewer, w.P_SEEN] = max(int(state.PEOPLE[viewer, w.P_SEEN]), ended)


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


def _traits(shard: Shard) -> Bits:
    """The atoms of traits: those may be told live, too."""
    mask = np.zeros(shard.layout.bit_words, np.uint64)
    for bits in shard.tables.ATTRIBUTE_BITS:
        mask |= bits
    return mask


def _named_before(shard: Shard) -> Named:
    """Which traits the facts in force name, by viewer, and since when."""
    state = shard.state
    viewers = np.flatnonzero(state.PEOPLE[:, w.P_ATTRIBUTES] >= 0).tolist()
    names = state.ATTS[:, shard.layout.bit_words :]
    by_viewer = {viewer: names[state.PEOPLE[viewer, w.P_ATTRIBUTES]].copy() for viewer in viewers}
    return Named(int(state.G[w.G_BOUNDARY]), by_viewer)


def _answer_rows(core: Reader, shard: Shard, before: Named) -> None:
    """Attributes of live rows, of those who have facts or had some."""
    state, n_words, which = shard.state, shard.layout.bit_words, shard.layout.attribute_mask
    if not which.any():
        return
    nothing = np.zeros(2 * n_words, np.uint64)
    _, common = _common_bits(core)
    boundary_ms = core.preparer.boundary_ms
    traits = list(zip(shard.tables.ATTRIBUTE_WORDS.tolist(), shard.tables.ATTRIBUTE_BITS))
    first = shard.layout.bits_at // 2
    for row in range(int(state.G[w.G_ROWS])):
        viewer = int(state.I[row, w.VIEWER])
        at = int(state.PEOPLE[viewer, w.P_ATTRIBUTES]) if viewer >= 0 else -1
        if viewer < 0 or (at < 0 and viewer not in before.by_viewer):
            continue
        values, named = (state.ATTS[at] if at >= 0 else nothing).reshape(2, -1)
        bits = state.Q[row, first : first + n_words]
        fresh = (bits & ~which) | ((values | common) & which)
        hidden = before.by_viewer.get(viewer, nothing[:n_words])
        for word, mask in traits:
            time = int(state.I[row, word])
            time_ms = time + shard.base_ms
            if time == w.NEVER or (time_ms < boundary_ms and (named & mask).any()):
                continue
            was_hidden = time_ms < before.boundary_ms and (hidden & mask).any()
            told = core.preparer.told_of(viewer) if was_hidden else bits
            fresh = (fresh & ~mask) | (told & mask)
        bits[:] = fresh
