"""Feeding a rule one invented file."""

from __future__ import annotations

from textwrap import dedent

from tools.lints.rule import Rule, Source

ENGINE = "src/qianmian/engine/step.py"


def lines_found(rule: Rule, text: str, path: str = ENGINE) -> list[int]:
    """The lines that the rule complains about."""
    return [finding.line for finding in rule.findings(Source.of(path, dedent(text)))]
