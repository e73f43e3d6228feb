"""Every built-in moment does what its examples say: in the engine, and in the oracle."""

from __future__ import annotations

import pytest

from qianmian.bootstrap import Cores, load_moments
from qianmian.columns.batch import EventBatch
from qianmian.language.sentence import sentence
from qianmian.learning.danmaku import CLASSES
from qianmian.locales.texts import LOCALES, document
from qianmian.moments.definition import Example, Moment
from qianmian.moments.story import end_of, instants_of, rows_of
from qianmian.runtime.evidence import Explainer
from qianmian.vocabulary.firing import Firing
from tests.oracle.run import run
from tests.oracle.world import Fired

MOMENTS = load_moments()
CASES = [
    pytest.param(moment, example, id=f"{key}: {example.name}")
    for key, moment in MOMENTS.items()
    for example in moment.examples
]


def test_the_whole_catalog_was_collected() -> None:
    assert sorted(MOMENTS) == [
        "cart_abandonment",
        "comparison",
        "doubt",
        "doubt_rising",
        "first_visit",
        "hesitation",
        "high_intent",
        "idle_on_page",
        "just_ordered",
        "leaving_soon",
        "price_question",
        "promo_response",
        "returned",
    ]
    assert len(CASES) >= 2 * len(MOMENTS)


@pytest.mark.parametrize(("moment", "example"), CASES)
def test_the_engine_fires_when_the_example_says(moment: Moment, example: Example) -> None:
    engine = Cores().new(
        [moment.definition()], presence=example.presence, session_timeout=example.presence
    )
    fired = engine.run(EventBatch.from_rows(rows_of(example, CLASSES)))
    firings = [*fired, *engine.finish(end_of(example))]
    assert [firing.at for firing in firings] == list(instants_of(example))


def oracle(moment: Moment, example: Example) -> list[Fired]:
    """What the oracle makes of a story; it reads text classes by name."""
    messages = []
    for row in rows_of(example, CLASSES):
        names = [name for name, bit in CLASSES.items() if row.get("classes", 0) >> bit & 1]
        messages.append((row["clock"], [row | {"classes": names}]))
    return run(
        [moment.definition()],
        messages,
        presence=example.presence,
        session_timeout=example.presence,
        finish_at=end_of(example),
    ).firings


@pytest.mark.parametrize(("moment", "example"), CASES)
def test_the_oracle_fires_when_the_example_says(moment: Moment, example: Example) -> None:
    assert [fired.at for fired in oracle(moment, example)] == list(instants_of(example))


@pytest.mark.parametrize(("moment", "example"), CASES)
def test_the_evidence_of_a_firing_is_that_of_the_oracle(moment: Moment, example: Example) -> None:
    definitions = {moment.key: moment.definition()}
    explainer = Explainer(presence=example.presence)
    for fired in oracle(moment, example):
        firing = Firing(
            fired.at, fired.viewer, fired.room, "", fired.moment, moment.version, fired.key
        )
        evidence = explainer.evidence(firing, definitions, rows_of(example, CLASSES))
        assert evidence == fired.because


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=lambda m: m.key)
def test_every_moment_has_a_title_a_meaning_and_a_sentence(moment: Moment, locale: str) -> None:
    known = document(locale, "moments")[moment.key]
    assert known["title"]
    assert known["help"]
    assert sentence(moment.definition().expr, locale)


def test_no_locale_names_a_moment_there_is_not() -> None:
    for locale in LOCALES:
        assert set(document(locale, "moments")) == set(MOMENTS)


def test_other_numbers_make_another_definition() -> None:
    moment = MOMENTS["hesitation"]
    assert moment.definition({"dwell": "90s"}) != moment.definition()
    assert moment.definition({"dwell": "120s"}) == moment.definition()
