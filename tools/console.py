"""The console and the browser client in a checkout: `python -m tools.console build` or `test`.

`build` makes again what is of other sources than those that are there. `test` runs their own
checks: types, lint, and tests. Both take Node of the system, or install it into this environment
from `requirements/node.txt`.
"""

from __future__ import annotations

import subprocess
import sys
import time

import hatch_build
from tools.lints.walk import ROOT

CHECKS = ("types", "lint", "test")


def main(arguments: list[str]) -> int:
    """0 done, 1 failed, 2 not understood."""
    commands = {"build": _build, "test": _test}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(f"usage: python -m tools.console {'|'.join(commands)}", file=sys.stderr)
        return 2
    return commands[arguments[0]]()


def _build() -> int:
    for bundle in hatch_build.unbuilt(ROOT):
        started = time.monotonic()
        name = bundle.sources.as_posix()
        print(f"==> {name}: building it (about a minute, once)", file=sys.stderr)
        try:
            _with_node()
            hatch_build.build(ROOT, bundle)
        except hatch_build.BuildProblem as problem:
            print(problem.told("make console"), file=sys.stderr)
            return 1
        print(f"==> {name}: built in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0


def _test() -> int:
    try:
        return max(_tested(bundle, _with_node()) for bundle in hatch_build.BUNDLES)
    except hatch_build.BuildProblem as problem:
        print(problem.told("make test-console"), file=sys.stderr)
        return 1


def _tested(bundle: hatch_build.Bundle, node: hatch_build.Node) -> int:
    folder = ROOT / bundle.sources
    hatch_build.install(folder, node, with_tests=True)
    failed = []
    for check in CHECKS:
        command = [*node.npm, "run", "--silent", check]
        if subprocess.run(command, cwd=folder, env=node.environment(), check=False).returncode:
            failed.append(check)
    name = bundle.sources.as_posix()
    print(f"{name}: {len(CHECKS)} checks, {len(failed)} failed {' '.join(failed)}".rstrip())
    return 1 if failed else 0


def _with_node() -> hatch_build.Node:
    """Node, installed into this environment if there is none.

    Raises: BuildProblem.
    """
    node = hatch_build.find_node()
    if node is not None:
        return node
    print("==> console: no Node here; installing it into this environment", file=sys.stderr)
    lock = str(ROOT / hatch_build.NODE_LOCK)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    done = subprocess.run([*pip, "--require-hashes", "-r", lock], check=False)
    node = hatch_build.find_node()
    if done.returncode or node is None:
        raise hatch_build.BuildProblem("node", f"pip install -r {hatch_build.NODE_LOCK}")
    return node


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
