import pytest

from tools.lints.rule import Source
from tools.size_ratchet import Allowance, Place, places, problems, read_exceptions

BIG = Place("module", "src/qianmian/a.py", 700, 600)
SMALL = Place("module", "src/qianmian/b.py", 10, 600)


def function_of(lines: int, docstring_lines: int = 0) -> str:
    text = ['    """Docstring.', *["    more"] * (docstring_lines - 2), '    """']
    body = (text if docstring_lines else []) + ["    x = 1"] * (lines - 1)
    return "\n".join(["def f():", *body]) + "\n"


@pytest.mark.parametrize(
    ("allowances", "complaint"),
    [
        ([], "700 lines, limit 600: split it"),
        ([Allowance("module", BIG.name, 650, "why")], "grown beyond its exception of 650"),
        ([Allowance("module", BIG.name, 800, "why")], "lower its exception from 800"),
        ([Allowance("function", BIG.name, 700, "why")], "split it"),  # of another kind
    ],
)
def test_a_place_too_large_or_loosely_excepted_is_reported(
    allowances: list[Allowance], complaint: str
) -> None:
    assert complaint in problems([BIG], allowances)[0]


def test_an_exact_exception_is_accepted() -> None:
    assert problems([BIG, SMALL], [Allowance("module", BIG.name, 700, "why")]) == []


def test_an_exception_no_longer_needed_is_reported() -> None:
    assert "no longer needed" in problems([SMALL], [Allowance("module", SMALL.name, 700, "why")])[0]
    assert "no such module" in problems([SMALL], [Allowance("module", "gone.py", 700, "why")])[0]


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("src/qianmian/engine/step.py", 600),
        ("src/qianmian/engine/__init__.py", 40),
        ("src/qianmian/tags/definition.py", 200),
    ],
)
def test_the_limit_of_a_module_depends_on_its_role(path: str, limit: int) -> None:
    assert next(places(Source.of(path, "x = 1\n"))) == Place("module", path, 1, limit)


def test_a_function_is_measured_without_its_docstring_and_named_by_its_class() -> None:
    path = "src/qianmian/engine/step.py"
    text = "class A:\n" + "".join(f"    {line}\n" for line in function_of(61, 20).splitlines())
    _, function = places(Source.of(path, text))
    assert function == Place("function", f"{path}::A.f", 61, 60)
    assert len(problems([function], [])) == 1
    _, shorter = places(Source.of(path, function_of(60, 20)))
    assert problems([shorter], []) == []


def test_functions_of_kernels_may_be_long() -> None:
    path = "src/qianmian/engine/step.py"
    text = "@kernel\n" + function_of(200)
    assert [place.kind for place in places(Source.of(path, text))] == ["module"]


def test_the_exceptions_file_is_read_strictly() -> None:
    text = "# comment\n\nfunction a.py::f 70 a table, read from top to bottom\n"
    assert read_exceptions(text) == [
        Allowance("function", "a.py::f", 70, "a table, read from top to bottom")
    ]
    with pytest.raises(ValueError, match="PLACE LINES reason"):
        read_exceptions("function a.py::f 70\n")  # no reason
