"""What a tag of the catalog is: conditions that say what holds of a viewer now.

A catalog file holds `DEFINITION = Tag(...)`. A tag answers yes or no (`text`), one of a few values
(`values`, each with its own text), a number (`number`, which conditions compare), or which value of
a dimension of preference a viewer turns to (`preference`). That one is found in profiles at the
beginning of each day (`profiles/found.py`): a condition may name the tag, which holds for whom any
value was found, or ask for one by its trait, as in `trait.loved_category == serum`.

`enough` says when there is enough evidence to say no: without it the answer is None, *insufficient
evidence*, and neither yes nor no; a number is known or not by itself. Numbers in texts are data:
`{window}` stands for `parameters["window"]`. Examples are its tests. Title and meaning are in
`locales/<locale>/tags.json` under the same key; a value has the key `<tag>_<value>`.

No tag is guessed from how somebody writes, and none reads a trait of a sensitive class.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from qianmian.errors import InputError
from qianmian.language.ast import Trait, walk
from qianmian.language.definition import Definition
from qianmian.language.parse import parse_definition
from qianmian.language.story import Answer, LevelExample, Numbers, check_parameters, filled
from qianmian.vocabulary.sensitive import SENSITIVE_TRAITS

Tier = Literal["basic", "behavior", "value", "predictive"]
TagType = Literal["yes_no", "one_of", "number"]
Freshness = Literal["live", "session", "daily"]
Preferred = Literal["category", "price_band", "brand"]


@dataclass(frozen=True, slots=True)
class Tag:
    """One built-in tag.

    Attributes:
        tier: basic (who), behavior (what they do), value (what they bring), predictive (a model).
        freshness: live: an event or the clock changes it at once, back and forth; session: at once,
            and it stays until the session ends; daily: it also reads facts of the nightly build.
        text: when the answer is yes.
        values: for one of a few: by value, when it is that one; the first that holds is it.
        number: what is measured, e.g. `count(cart_added) this session`; 0 is known, too.
        preference: the dimension whose preferred value it is (see `profiles/preference.py`).
        enough: when there is enough evidence to say no.
        version: grows when the meaning of a text changes.
    """

    key: str
    tier: Tier
    freshness: Freshness
    examples: tuple[LevelExample, ...]
    text: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    number: str = ""
    preference: Preferred | None = None
    enough: str = ""
    parameters: Numbers = field(default_factory=dict)
    version: int = 1

    @property
    def type(self) -> TagType:
        """What kind of answer it gives."""
        if self.number:
            return "number"
        return "yes_no" if self.text else "one_of"

    @property
    def texts(self) -> dict[str, str]:
        """Its texts by the keys of their definitions, the answers first."""
        answers = {f"{self.key}_{value}": text for value, text in self.values.items()}
        if self.text:
            answers[self.key] = self.text
        if self.number:
            answers[self.key] = f"number {self.number}"
        if self.preference:
            answers[self.key] = f'trait.loved_{self.preference} != ""'
        return answers | ({f"{self.key}_enough": self.enough} if self.enough else {})

    def definitions(self, changed: Numbers | None = None) -> tuple[Definition, ...]:
        """The checked levels: one for the answer or for each value, and one for `enough`.

        Raises: UnknownName for a number that it does not have; DefinitionError when a changed
            number makes no sense at its place.
        """
        noun = f"tag {self.key}"
        return tuple(
            parse_definition(key, filled(noun, text, self.parameters, changed), "tag", self.version)
            for key, text in self.texts.items()
        )

    def answer(self, holding: Container[str], number: float | None = None) -> Answer:
        """What it says, when the levels with these names (`tag.KEY`) hold.

        Args:
            number: its value, if it has one; amounts in minor units.
        """
        if self.number:
            return number if f"tag.{self.key}" in holding else None
        for value in self.values:
            if f"tag.{self.key}_{value}" in holding:
                return value
        if self.text and f"tag.{self.key}" in holding:
            return True
        return None if self.enough and f"tag.{self.key}_enough" not in holding else False


def check_tag(tag: Tag) -> None:
    """Refuse a catalog entry that could not be shown, changed, trusted or tested.

    Raises: InputError naming the tag and what is wrong with it; DefinitionError for a text that
        cannot be used.
    """
    noun = f"tag {tag.key}"
    if tag.tier not in get_args(Tier) or tag.freshness not in get_args(Freshness):
        raise InputError(f"{noun}: there is no tier {tag.tier} or no freshness {tag.freshness}")
    kinds = [bool(tag.text), bool(tag.values), bool(tag.number), tag.preference is not None]
    if kinds.count(True) != 1:
        raise InputError(f"{noun}: it needs a text, or values, or a number, or a preference")
    if tag.enough and (tag.preference is not None or tag.number):
        raise InputError(f"{noun}: a preference or a number knows itself when it is known")
    check_parameters(noun, list(tag.texts.values()), tag.parameters)
    for definition in tag.definitions():
        for part in walk(definition.expr):
            if isinstance(part, Trait) and part.name in SENSITIVE_TRAITS:
                raise InputError(
                    f"{noun}: trait.{part.name} is sensitive; no built-in tag reads it"
                )
    answers = [example.expect for example in tag.examples]
    if not any(answers):
        raise InputError(f"{noun}: no example in which it holds")
    if all(answers):
        raise InputError(f"{noun}: no example in which it does not hold")
    if (tag.enough or tag.preference) and None not in answers:
        raise InputError(f"{noun}: no example without enough evidence")
    wrong = [one for one in answers if isinstance(one, str) and one not in tag.values]
    if wrong and tag.preference is None:
        raise InputError(f"{noun}: {wrong[0]} is none of its values")


def enough_of(tags: Mapping[str, Tag], active: Container[str]) -> dict[str, str]:
    """By the key of each built-in tag that of the active one which says that there is evidence."""
    return {
        key: f"{tag.key}_enough"
        for tag in tags.values()
        for key in tag.texts
        if tag.enough and f"{tag.key}_enough" in active and key != f"{tag.key}_enough"
    }
