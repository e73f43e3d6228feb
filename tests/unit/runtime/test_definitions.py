from __future__ import annotations

from pathlib import Path

import pytest

from qianmian.bootstrap import active_definitions
from qianmian.errors import DefinitionError, InputError, UnknownName
from qianmian.runtime.definitions import checked_definitions, read_definitions

ONE = '[{"key": "m", "text": "order_paid"}, {"key": "t", "text": "liked ever", "kind": "tag"}]'


def write(folder: Path, text: str, name: str = "d.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def keys(path: Path) -> set[str]:
    return {one.key for one in active_definitions(read_definitions(path))}


@pytest.mark.parametrize("name", ["d.json", "d.yaml"])
def test_a_list_takes_the_place_of_the_built_in_moments(tmp_path: Path, name: str) -> None:
    assert keys(write(tmp_path, ONE, name)) == {"m", "t"}


def test_parameters_change_numbers_and_keep_the_built_in_moments(tmp_path: Path) -> None:
    path = write(tmp_path, "parameters:\n  hesitation: {dwell: 90s}\n")
    definitions = {one.key: one for one in active_definitions(read_definitions(path))}
    plain = {one.key: one for one in active_definitions()}
    assert set(definitions) == set(plain)
    assert [key for key in plain if definitions[key] != plain[key]] == ["hesitation"]


def test_both_can_be_asked_for_and_the_same_key_replaces(tmp_path: Path) -> None:
    text = "builtin: true\ndefinitions:\n- {key: doubt, text: shared}\n- {key: m, text: liked}\n"
    assert keys(write(tmp_path, text)) == {one.key for one in active_definitions()} | {"m"}


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("- {key: m}", InputError, "text"),
        ("- {key: m, text: liked, colour: red}", InputError, "colour"),
        ("a: [", InputError, "cannot be read"),
        ("a: &x 1\nb: *x", InputError, "aliases"),
        ("- {key: m, text: lked}", UnknownName, 'Did you mean "liked"'),
        ("- {key: m, text: liked, kind: rule}", UnknownName, "rule"),
        ("- {key: m, text: liked}\n- {key: m, text: shared}", DefinitionError, "twice"),
        ("parameters: {hesitaton: {dwell: 1s}}", UnknownName, 'Did you mean "hesitation"'),
        ("parameters: {hesitation: {dwel: 1s}}", UnknownName, 'Did you mean "dwell"'),
        ("parameters: {hesitation: {dwell: soon}}", DefinitionError, "."),
        (
            "builtin: false\nparameters: {hesitation: {dwell: 1s}}",
            DefinitionError,
            "add builtin: true",
        ),
    ],
)
def test_what_cannot_be_used_is_told(
    tmp_path: Path, text: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        active_definitions(read_definitions(write(tmp_path, text)))


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_definitions(tmp_path / "none.yaml")


def test_every_problem_of_a_file_is_found_with_its_key(tmp_path: Path) -> None:
    text = "- {key: a, text: lked}\n- {key: b, text: liked}\n- {key: c, text: 'sum('}\n"
    good, bad = checked_definitions(read_definitions(write(tmp_path, text)).definitions)
    assert [one.key for one in good] == ["b"]
    assert [problem.params["key"] for problem in bad] == ["a", "c"]
