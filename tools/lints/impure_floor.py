"""Below `runtime` a function sees its arguments only: same log, same decisions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.lints.names import dotted_uses, imported_modules, is_within
from tools.lints.rule import Rule, Source

PURE_FLOORS = frozenset(
    {
        "strategies",
        *("tags", "segments", "moments", "profiles", "learning", "experiments", "simulation"),
        *("engine", "language", "columns", "vocabulary", "registry", "errors", "locales"),
    }
)
# What each thing is, and what to do instead.
CLOCK = "the time arrives as an argument (`now_ms`)"
CHANCE = "randomness arrives as a seeded numpy Generator, or is a hash"
SURROUNDINGS = "settings arrive as arguments"
LOGGING = "facts worth logging leave as data"
BANNED_MODULES = {"random": CHANCE, "secrets": CHANCE, "logging": LOGGING}
BANNED_NAMES = {
    "datetime.date.today": CLOCK,
    "datetime.datetime.now": CLOCK,
    "datetime.datetime.today": CLOCK,
    "datetime.datetime.utcnow": CLOCK,
    **{
        f"time.{name}{suffix}": CLOCK
        for name in ("time", "monotonic", "perf_counter", "process_time", "thread_time")
        for suffix in ("", "_ns")
    },
    **{f"time.{name}": CLOCK for name in ("gmtime", "localtime", "ctime", "sleep")},
    **{f"uuid.uuid{version}": CHANCE for version in (1, 4)},
    "os.urandom": CHANCE,
    "os.environ": SURROUNDINGS,
    "os.environb": SURROUNDINGS,
    "os.getenv": SURROUNDINGS,
}
# Types and explicit seeds are fine; everything else in numpy.random has hidden state.
NUMPY_RANDOM = frozenset(
    f"numpy.random.{name}"
    for name in ("BitGenerator", "Generator", "PCG64", "PCG64DXSM", "Philox", "SeedSequence")
)
SEEDED = frozenset({"numpy.random.default_rng", *NUMPY_RANDOM})


def _check(source: Source) -> Iterator[tuple[int, str]]:
    for line, name in imported_modules(source):
        for module, instead in BANNED_MODULES.items():
            if is_within(name, module):
                yield line, f"no {module} here: {instead}"
    seeded_calls = {
        id(node.func) for node in source.nodes if isinstance(node, ast.Call) and node.args
    }
    for use, name in dotted_uses(source):
        for banned, instead in BANNED_NAMES.items():
            if is_within(name, banned):
                yield use.lineno, f"no {banned} here: {instead}"
        if is_within(name, "numpy.random") and not _is_seeded(
            name, is_called_with_arguments=id(use) in seeded_calls
        ):
            yield use.lineno, f"no {name} here: {CHANCE}"
    for node in source.nodes:
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield node.lineno, "no async here: waiting begins at `runtime`"


def _is_seeded(name: str, *, is_called_with_arguments: bool) -> bool:
    return name in NUMPY_RANDOM or (name in SEEDED and is_called_with_arguments)


RULE = Rule(
    name="impure-floor",
    summary="No clock, randomness, environment, logging or await below `runtime`.",
    covers=lambda source: source.floor in PURE_FLOORS,
    check=_check,
)
