"""Every problem that the language raises is said in the language of whoever reads it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

import qianmian.engine
import qianmian.language
from qianmian.errors import DefinitionError
from qianmian.language.codec import definition_document, read_definition
from qianmian.language.compile import compile_program
from qianmian.language.parse import parse_definition
from qianmian.language.problem_words import FILE, LONGEST, problem_in_words
from qianmian.language.settle import settled
from qianmian.language.types import check_definition
from qianmian.locales.texts import document
from tests.vectors.documents import definitions_of, names, read

HAN: Final = re.compile(r"[\u4e00-\u9fff]")
SOURCES: Final = (
    *(Path(part.__file__ or "").parent for part in (qianmian.language, qianmian.engine)),
    Path(qianmian.language.__file__ or "").parents[1] / "vocabulary" / "time.py",
)
RAISING: Final = {"TypeProblem": 0, "LimitExceeded": 0, "SyntaxProblem": 0, "fail": 0, "_fail": 0}
NAMING: Final = {
    "need_symbol": 1,
    "need_word": 1,
    "need_name": 0,
    "need_duration": 0,
    "read_event": 1,
    "need_comparison": 0,
    "check_name": 1,
    "check_span": 1,
    "check_int": 3,
    "check_cmp": 2,
    "check_owner": 1,
    "check_viewer_events": 1,
    "_clock": 1,
}
"""By function the place of the argument that is a phrase of ours."""
FOR_DEVELOPERS: Final = ("catalog.py",)
"""What is wrong with the program itself."""


def calls(functions: dict[str, int]) -> Iterator[ast.expr]:
    """The arguments of these calls, in the language and what compiles it."""
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")) if source.is_dir() else [source]:
            tree = ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree if path.name not in FOR_DEVELOPERS else ast.Module([], [])):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if name in functions and len(node.args) > functions[name]:
                    yield node.args[functions[name]]


def sentence(node: ast.expr) -> str | None:
    """A text with its places as {}; None for what is only passed on."""
    match node:
        case ast.Constant(str(text)):
            return text
        case ast.JoinedStr(values):
            texts = [one.value if isinstance(one, ast.Constant) else "{}" for one in values]
            return "".join(map(str, texts))
    return None


def told(functions: dict[str, int]) -> set[str]:
    """The sentences of these calls; a place in a JSON tree before them is no part of them."""
    found = {text for node in calls(functions) if (text := sentence(node)) is not None}
    return {re.sub(r"^(\{\}|\$): ", "", text) for text in found} - {"{}", ""}


def known(*kinds: str) -> set[str]:
    """The sentences that have words, of these kinds, with their places as {}."""
    texts = {key: str(text) for key, text in document("en-US", FILE).items()}
    chosen = {text for key, text in texts.items() if key.startswith(kinds)}
    return {
        re.sub(r"(?<!\{)\{\w+\}", "{}", one).replace("{{", "{").replace("}}", "}") for one in chosen
    }


PARTS: Final = ("phrase.", "why.")


def test_every_sentence_of_the_code_has_words() -> None:
    raised = told(RAISING)
    assert len(raised) > 120
    assert raised - known("") == set()


def test_every_phrase_of_the_code_has_words() -> None:
    patterns = [re.compile(re.escape(one).replace(r"\{\}", ".+")) for one in known(*PARTS)]
    plain = {one for one in told(NAMING) if " " in one.replace("{}", "")}
    assert len(plain) > 40
    assert [one for one in plain if not any(form.fullmatch(one) for form in patterns)] == []


def test_no_words_are_left_of_sentences_that_are_gone() -> None:
    others = {str(document("en-US", FILE)[key]) for key in document("en-US", FILE)}
    kept = known("") - known("tail.", "unknown", *PARTS)
    assert kept - told(RAISING) - UNREADABLE == set()
    assert len(others) == len(document("en-US", FILE)), "no sentence is there twice"


UNREADABLE: Final = {
    "an amount is written like ¥500 or ¥9.90",
    '"{}" is neither a number nor a duration; write for example 3, 45s or 7d',
    "= is not a comparison; write ==",
    "the character {} means nothing here; strings stand in quotes",
}
"""What is raised about a character, chosen in `tokens.py`."""


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("count(product_viewed within 10m", "要闭合 count(，应当写“)”；这里写的是“within”"),
        (
            "liked where hour between 3 and 5",
            "hour between 后面应当写钟点，例如 23:00；这里写的是“3”",
        ),
        (
            "count(liked) within 5m",
            "时间范围后面应当写比较符号（== != >= <= > <）；文字到这里就结束了",
        ),
        ("count(liked) within 5s >= 100 on same product", "次数的阈值是 100，应在 1 到 64 之间"),
        ("trait.x in (a, 3)", "trait.x in 混用了数字和文字，请只用一种"),
        ("countt(liked)", "没有叫“countt”的事件或词，是不是“count”？"),
        ('"没写完', "这段文字少了后引号"),
    ],
)
def test_problems_read_like_this(text: str, chinese: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        parse_definition("m", text)
    assert problem_in_words(raised.value.message, "zh-CN") == chinese
    assert problem_in_words(raised.value.message, "en-US") == raised.value.message


def problem_of(text: str, kind: str) -> str | None:
    """What is wrong with a text, if anything is."""
    try:
        definition = parse_definition("m", text, kind)
        check_definition(definition)
        compile_program(settled([definition], "Asia/Shanghai"))
    except DefinitionError as problem:
        return problem.message
    return None


def spoiled(rng: Random, texts: list[str]) -> str:
    """A text with a word taken out, put in, or taken from another one."""
    words = re.findall(r"\w+|[^\w\s]+", rng.choice(texts))
    place = rng.randrange(len(words))
    other = rng.choice(re.findall(r"\w+|[^\w\s]+", rng.choice(texts)))
    new = rng.choice(([], [other], [words[place], other], ["¥3"], ["0"], ["='"]))
    return " ".join([*words[:place], *new, *words[place + 1 :]])


def test_whatever_is_wrong_with_a_text_is_said_in_chinese() -> None:
    texts = sorted({one["text"] for name in names() for one in read(name)["definitions"]})
    rng, found = Random(7), set[str]()
    for _ in range(1_500):
        problem = problem_of(spoiled(rng, texts), rng.choice(("moment", "tag", "segment")))
        if problem is not None:
            said = problem_in_words(problem, "zh-CN")
            assert said is not None, problem
            assert HAN.search(said), problem
            found.add(re.sub(r"\W\w+\W", "", said))
    assert len(found) > 100


def test_whatever_is_wrong_with_a_tree_is_said_in_chinese() -> None:
    documents = [definition_document(one) for name in names() for one in definitions_of(read(name))]
    rng, problems = Random(7), 0
    for _ in range(1_000):
        problem = tree_problem(bent(rng, rng.choice(documents)))
        if problem is not None:
            problems += 1
            said = problem_in_words(problem, "zh-CN")
            assert said is not None, problem
            assert HAN.search(said), problem
    assert problems > 500


def bent(rng: Random, tree: Any) -> Any:
    """A tree in which one thing is another."""
    if rng.random() < 0.3 or not isinstance(tree, dict | list) or not tree:
        return rng.choice((None, 3, -1, 0.5, "x", "9d", "a b", True, [], {}, {"op": "nothing"}))
    if isinstance(tree, list):
        place = rng.randrange(len(tree))
        return [bent(rng, one) if n == place else one for n, one in enumerate(tree)]
    name = rng.choice(list(tree))
    if rng.random() < 0.1:
        return {other: one for other, one in tree.items() if other != name} | {"x": 1}
    return tree | {name: bent(rng, tree[name])}


def tree_problem(tree: Any) -> str | None:
    try:
        check_definition(read_definition(tree))
    except DefinitionError as problem:
        return problem.message
    return None


def test_what_nobody_knows_and_what_is_too_long_is_left_as_it_is() -> None:
    assert problem_in_words("the moon is full", "zh-CN") is None
    long = f'unknown event "{"x" * LONGEST}".'
    assert problem_in_words(long, "zh-CN") is None
