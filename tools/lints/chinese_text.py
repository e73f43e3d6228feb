"""Chinese that a person reads lives in data: locales, lexicons, catalogs; never in code."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from tools.lints.rule import Rule, Source

# Ideographs, their punctuation and full-width forms.
_CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
# Python 3.12 cuts f-strings into pieces; 3.11 gives them whole, as STRING.
_TEXT_TOKENS = frozenset(
    {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)},
)


def _check(source: Source) -> Iterator[tuple[int, str]]:
    documentation = set(_documentation(source))
    seen = 0  # one complaint a line, however many pieces of text it has
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if (
            token.type in _TEXT_TOKENS
            and token.start[0] != seen
            and token.start not in documentation
            and (found := _CHINESE.search(token.string))
        ):
            seen = token.start[0]
            yield seen, f"move the text with {found[0]!r} to locales or a data file"


def _documentation(source: Source) -> Iterator[tuple[int, int]]:
    """Where docstrings begin: strings that stand alone as a statement."""
    for node in source.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value.lineno, node.value.col_offset


RULE = Rule(
    name="chinese-text",
    summary="Chinese in the product's code only in comments and docstrings; texts are data.",
    covers=lambda source: source.is_product and source.floor != "locales",
    check=_check,
)
