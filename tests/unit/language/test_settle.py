"""A definition that holds says the zone of its clock."""

from __future__ import annotations

from qianmian.language.parse import parse, parse_definition
from qianmian.language.settle import settled, settled_node
from qianmian.language.text import show
from qianmian.runtime.definition_versions import Version, active_definitions_of

NIGHT = "count(liked where hour between 23:00 and 02:00) within 7d >= 3"
THERE = NIGHT.replace("02:00", '02:00 in "Europe/Berlin"')


def test_the_zone_of_the_shop_is_written_into_every_hour() -> None:
    text = f"not ({NIGHT} and tag.x) or {NIGHT}"
    assert show(settled_node(parse(text), "Europe/Berlin")) == text.replace(NIGHT, THERE)


def test_an_hour_that_names_its_zone_keeps_it() -> None:
    assert settled_node(parse(THERE), "UTC") == parse(THERE)


def test_settling_twice_changes_nothing_and_no_zone_leaves_the_question_open() -> None:
    once = settled([parse_definition("m", NIGHT)], "Europe/Berlin")
    assert settled(once, "UTC") == once
    assert settled_node(parse(NIGHT), "") == parse(NIGHT)


def test_what_holds_in_a_shop_has_its_zone_whether_built_in_or_its_own() -> None:
    built_in = (parse_definition("owl", NIGHT, "tag"),)
    own = Version("segment", "night_shift", 1, NIGHT, state="active")
    held = active_definitions_of(built_in, [own], "Europe/Berlin")
    assert [show(one.expr) for one in held] == [THERE, THERE]
