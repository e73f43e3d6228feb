"""One file adds a member of a catalog, so no other file of the product may name it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tools.lints.names import imported_modules, is_within
from tools.lints.rule import Rule, Source

PRODUCT = Path(__file__).resolve().parents[2] / "src" / "qianmian"
HOMONYMS = {
    "segment": "also the word of the language for a set of viewers",
    "doubt": "also a text class, which the lexicon and other moments read",
    "price_question": "also a text class",
    "comparison": "also an English word of messages",
    "returned": "also a stage of life with the shop",
    "city_tier": "also the trait that the tag reads",
    "follower": "also the trait that the tag reads",
    "gender": "also the trait that the tag reads",
    "member_level": "also the trait that the tag reads",
    "age_band": "also the trait that the tag reads",
    "occupation": "also the trait that the tag reads",
    "region": "also the trait that the tag reads",
}
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\b(?:moment|tag|segment|trait)\.[A-Za-z_][A-Za-z0-9_]*")
"""A name of the condition language: definitions refer to each other by it, and a tag may have the
name of the trait that it reads. Compiling the definitions finds a name that is not there."""


@cache
def members() -> dict[str, str]:
    """Name of every member of a catalog, with its file as a path from the top of the checkout."""
    top = PRODUCT.parents[1]
    return {
        path.stem: path.relative_to(top).as_posix()
        for path in sorted(PRODUCT.rglob("catalog/*.py"))
        if not path.stem.startswith("_")
    }


@cache
def _modules() -> tuple[str, ...]:
    """Every module that a walk of its folder finds: members of catalogs, and operators."""
    found = [*PRODUCT.rglob("catalog/*.py"), *PRODUCT.rglob("operators/*.py")]
    names = (path.relative_to(PRODUCT.parent).with_suffix("").as_posix() for path in found)
    return tuple(name.replace("/", ".") for name in names if not name.endswith("__init__"))


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in imported_modules(source):
        if any(is_within(name, module) for module in _modules()):
            yield line, f"{name} is found by the walk of its folder; do not import it"
    texts = {id(node.value) for node in source.nodes if isinstance(node, ast.Expr)}
    for node in source.nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            text = (
                _REFERENCE.sub(" ", node.value) if "/catalog/" in str(source.path) else node.value
            )
            for word in sorted(set(_WORD.findall(text)) - set(HOMONYMS)):
                if members().get(word, str(source.path)) != str(source.path):
                    yield node.lineno, f'"{word}" is a member of a catalog; ask the catalog for it'


RULE = Rule(
    name="catalog-name",
    summary="The name of a catalog's member stands in its own file only; nobody imports it.",
    covers=lambda source: source.is_product,
    check=_check,
)
