"""When a schedule has its instants, and whom it concerns then, in words."""

from __future__ import annotations

from qianmian.language.definition import Definition
from qianmian.language.phrases import Duration
from qianmian.language.sentence import Titles, said
from qianmian.locales.texts import Texts
from qianmian.server.api.definition_told import LOCALES, spoken_definition
from qianmian.server.api.models import Words
from qianmian.strategies.strategy import Schedule


def spoken_schedule(schedule: Schedule, level: Definition, titles: Titles) -> Words:
    """The sentence of a strategy with a schedule, in both languages."""
    whom = spoken_definition(level, titles)
    spans = {
        "after": schedule.after_ms,
        "every": schedule.every_ms,
        "before": schedule.before_ms,
    }
    found: Words = {}
    for language, locale in LOCALES.items():
        texts = Texts(locale, "schedules")
        if schedule.daily is not None:
            found[language] = texts.say("daily", at=schedule.daily, whom=whom[language])
        for key, span in spans.items():
            if span is not None:
                told = said(Duration(span), locale)
                found[language] = texts.say(key, span=told, whom=whom[language])
    return found
