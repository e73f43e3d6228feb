"""Dead letters: kept a week, bounded, and one source cannot push the others out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qianmian.runtime.dead_letters import KEPT_MS, DeadLetter, DeadLetters
from qianmian.storage.dead_letters import DeadLetterFile
from qianmian.storage.sql.database import Database
from tests.fakes.clock import FakeClock
from tests.fakes.ingest import FakeLetters


def letter(
    number: int = 0, *, source: str = "site", at: int | None = None, body: bytes = b"{}"
) -> DeadLetter:
    when = FakeClock().now + number if at is None else at
    return DeadLetter(when, source, "segment/batch", "bad_json", f"d{number}", 1, body, "u1", "r1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock) -> Iterator[Callable[..., DeadLetterFile]]:
    made: list[DeadLetterFile] = []

    def one(**more: int) -> DeadLetterFile:
        made.append(DeadLetterFile(Database.in_file(tmp_path / "letters.db"), clock, **more))
        return made[-1]

    yield one
    for file in made:
        if file._writer.is_alive():
            file.close()


def flushed(letters: DeadLetters) -> None:
    if isinstance(letters, DeadLetterFile):
        letters.flush()


@pytest.fixture(params=["file", "fake"])
def letters(request: pytest.FixtureRequest, make: Callable[..., DeadLetterFile]) -> DeadLetters:
    return make() if request.param == "file" else FakeLetters()


def test_letters_come_back_newest_first_page_by_page(letters: DeadLetters) -> None:
    letters.keep([letter(number) for number in range(5)])
    flushed(letters)
    assert letters.count() == 5
    page = letters.newest(limit=2)
    assert [one.detail for one in page] == ["d4", "d3"]
    rest = letters.newest(before=page[-1].id, limit=50)
    assert [one.detail for one in rest] == ["d2", "d1", "d0"]
    found = letters.get(page[0].id)
    assert found == page[0]
    assert (found.body, found.viewer, found.room, found.events) == (b"{}", "u1", "r1", 1)


def test_a_letter_can_be_dropped_once(letters: DeadLetters) -> None:
    letters.keep([letter()])
    flushed(letters)
    number = letters.newest()[0].id
    assert letters.remove(number)
    assert not letters.remove(number)
    assert letters.get(number) is None


def test_erasure_drops_letters_that_hold_the_person(letters: DeadLetters) -> None:
    letters.keep([letter(1, body=b'{"userId":"u-77"}'), letter(2, body=b'{"userId":"u-78"}')])
    flushed(letters)
    assert letters.forget(["u-77"]) == 1
    assert [one.detail for one in letters.newest()] == ["d2"]


def test_after_seven_days_a_letter_is_gone(
    make: Callable[..., DeadLetterFile], clock: FakeClock, tmp_path: Path
) -> None:
    letters = make()
    letters.keep([letter(body=b"who reads this later")])
    letters.flush()
    clock.pass_ms(KEPT_MS)
    assert (letters.count(), letters.newest(), letters.get(1)) == (0, [], None)
    letters.keep([letter(at=clock.now)])
    letters.close()
    files = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert b"who reads this later" not in files, "erased, not only hidden"


def test_the_oldest_give_way_and_one_source_has_its_share(
    make: Callable[..., DeadLetterFile],
) -> None:
    letters = make(most_bytes=40_000)
    letters.keep([letter(0, source="shop", body=b"x" * 2_000)])
    letters.keep([letter(number, source="site", body=b"x" * 744) for number in range(1, 60)])
    letters.flush()
    kept = letters.newest(limit=100)
    assert [one.source for one in kept].count("shop") == 1
    of_site = [one.detail for one in kept if one.source == "site"]
    assert 5 <= len(of_site) <= 10, "a quarter of 40,000 bytes, 1,000 each"
    assert of_site[0] == "d59"


def test_all_together_are_bounded(make: Callable[..., DeadLetterFile]) -> None:
    letters = make(most_bytes=40_000)
    for number in range(80):
        letters.keep([letter(number, source=f"s{number % 8}", body=b"x" * 1_744)])
    letters.flush()
    assert 10 <= letters.count() <= 20


def test_a_flood_is_dropped_and_counted_instead_of_waiting(
    make: Callable[..., DeadLetterFile],
) -> None:
    letters = make(waiting_bytes=10_000)
    letters.keep([letter(0, body=b"x" * 20_000)])
    assert letters.dropped == 1
    letters.keep([letter(1)])
    letters.flush()
    assert letters.count() == 1


def test_what_waits_is_written_before_the_end(
    make: Callable[..., DeadLetterFile], tmp_path: Path, clock: FakeClock
) -> None:
    letters = make()
    letters.keep([letter(number) for number in range(500)])
    letters.close()
    assert make().count() == 500
