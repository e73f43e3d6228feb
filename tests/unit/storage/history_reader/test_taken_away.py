"""Tags that people took away, in the numbers of history and in builds of facts."""

from __future__ import annotations

from pathlib import Path

from qianmian.language.ast import Tag
from qianmian.language.parse import parse
from qianmian.storage.history_reader.answers import Definitions
from qianmian.storage.history_reader.preview import preview
from qianmian.storage.history_reader.reader import HistoryReader
from tests.unit.storage.history_reader.histories import START, Writer

LIKES = parse("count(liked) ever >= 1")
LEVELS = Definitions({("tag", "busy"): LIKES, ("tag", "busy_very"): LIKES})
LATER = START + 1_000_000


def said(writer: Writer, at: int, viewer: str, *, granted: bool) -> None:
    writer.add(at, "consent_changed", viewer, purpose="tag:busy", granted=int(granted))


def holders(reader: HistoryReader, key: str, now: int = LATER) -> list[str]:
    return reader.viewers_of(Tag(key), now, definitions=LEVELS)


def test_who_took_a_tag_away_is_in_no_number_until_it_is_given_back(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    for at, viewer in enumerate(("a", "b", "c", "?x")):
        writer.add(at, "liked", viewer, room="r")
    said(writer, 10, "a", granted=False)
    said(writer, 11, "?x", granted=False)
    said(writer, 12, "c", granted=True)
    writer.flush()
    reader = HistoryReader(tmp_path)
    assert holders(reader, "busy") == holders(reader, "busy_very") == ["b", "c"]
    assert holders(reader, "busy", START + 5) == ["?x", "a", "b", "c"]
    asked = preview(reader, LIKES, LATER, definitions=LEVELS, tag="busy")
    assert (asked.count, [step.alone for step in asked.steps]) == (2, [2])
    assert preview(reader, LIKES, LATER, definitions=LEVELS).count == 4
    writer.add(20, "identity_linked", "?x", linked_viewer="c")
    said(writer, 30, "a", granted=True)
    writer.flush()
    assert holders(reader, "busy") == ["a", "b"]  # of x and c the stricter word counts
    said(writer, 40, "c", granted=True)
    writer.flush()
    assert holders(reader, "busy") == ["a", "b", "c"]
    reader.close()
