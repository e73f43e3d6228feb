"""The way of a strategy: draft, dry run, approval, ramp, full, paused, ended. Who may take it on.

Of one strategy at most one version is a draft, one waits for approval, and one is in force; a
version that comes into force ends the one before. What is in force never changes its words or
limits: an edit is a new version, which somebody else approves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal, get_args

import msgspec

from qianmian.errors import InputError, SelfApproval
from qianmian.strategies.strategy import Mode, Strategies, Strategy

Step = Literal[
    "rehearse", "ask", "approve", "send_back", "widen", "narrow", "pause", "resume", "end"
]
STEPS: Final[tuple[Step, ...]] = get_args(Step)

IN_FORCE: Final[frozenset[Mode]] = frozenset({"dry_run", "ramp", "full", "paused"})
SINGLE_PERSON_RAMP: Final = 1_000
"""Who approves their own strategy begins with at most a tenth of the viewers (SEMANTICS)."""

_FROM: Final[Mapping[Step, tuple[Mode, ...]]] = MappingProxyType(
    {
        "rehearse": ("draft",),
        "ask": ("draft", "dry_run"),
        "approve": ("approval",),
        "send_back": ("approval",),
        "widen": ("ramp",),
        "narrow": ("full",),
        "pause": ("dry_run", "ramp", "full"),
        "resume": ("paused",),
        "end": ("dry_run", "approval", "ramp", "full", "paused"),
    }
)
_TO: Final[Mapping[Step, Mode]] = MappingProxyType(
    {
        "rehearse": "dry_run",
        "ask": "approval",
        "approve": "ramp",
        "send_back": "draft",
        "widen": "full",
        "narrow": "ramp",
        "pause": "paused",
        "end": "ended",
    }
)


@dataclass(frozen=True, slots=True)
class StrategyVersion:
    """One version of a strategy, with who brought it where it is.

    Attributes:
        strategy: its `mode` and `version` are those of the version.
        made_id, asked_id: who that was, whatever they are called by now.
        paused_from: the mode that `resume` goes back to.
        why: what was said at the last step.

    Units: instants in ms UTC.
    """

    strategy: Strategy
    made_at: int = 0
    made_by: str = ""
    made_id: str = ""
    asked_by: str = ""
    asked_id: str = ""
    approved_by: str = ""
    changed_at: int = 0
    changed_by: str = ""
    why: str = ""
    paused_from: Mode | None = None

    @property
    def key(self) -> str:
        """The strategy's."""
        return self.strategy.key

    @property
    def mode(self) -> Mode:
        """Where it is on its way."""
        return self.strategy.mode


@dataclass(frozen=True, slots=True)
class Person:
    """Who takes a step.

    Attributes:
        id: of the account or key, with its kind.
        is_alone: the shop has said that one person works here, so nobody else can approve.
    """

    id: str
    name: str
    is_alone: bool = False


def steps_from(version: StrategyVersion) -> list[Step]:
    """The steps that can be taken from where a version is."""
    return [step for step in STEPS if version.mode in _FROM[step]]


def taken(
    version: StrategyVersion,
    step: Step,
    by: Person,
    *,
    at: int,
    why: str = "",
    others: Iterable[StrategyVersion] = (),
) -> tuple[StrategyVersion, list[StrategyVersion]]:
    """A version one step further, and those of the `others` that end because of it.

    Args:
        others: the other versions of this strategy.

    Raises: InputError when this step does not lead on from here; SelfApproval.
    """
    if version.mode not in _FROM[step]:
        raise InputError(
            f'version {version.strategy.version} of the strategy "{version.key}" is {version.mode};'
            f" it can: {', '.join(steps_from(version)) or 'nothing any more'}",
            field="step",
        )
    if step in ("send_back", "end") and not why.strip():
        raise InputError("say why: whoever made it wants to know", field="why")
    rest = [one for one in others if one.strategy.version != version.strategy.version]
    mode = _TO.get(step) or version.paused_from or "dry_run"
    changed = replace(version, changed_at=at, changed_by=by.name, why=why, paused_from=None)
    if step == "rehearse" and any(one.mode in ("ramp", "full", "paused") for one in rest):
        raise InputError(
            f'another version of "{version.key}" is running and a dry run would take its place;'
            " try it on a recorded session, or ask for approval",
            field="step",
        )
    if step == "send_back" and any(one.mode == "draft" for one in rest):
        mode = "ended"  # somebody has written on since
    if step == "ask":
        changed = replace(changed, asked_by=by.name, asked_id=by.id)
    if step == "approve":
        changed = _approved(changed, by)
    if step == "pause":
        changed = replace(changed, paused_from=version.mode)
    ends = _ended_by(mode, rest)
    done = replace(changed, strategy=msgspec.structs.replace(changed.strategy, mode=mode))
    return done, [_ended(one, by, at, version.strategy.version) for one in ends]


def _approved(version: StrategyVersion, by: Person) -> StrategyVersion:
    if by.id in (version.made_id, version.asked_id):
        if not by.is_alone:
            raise SelfApproval(
                "whoever made a strategy or asked for its approval does not approve it; another"
                " owner or lead does, or the shop says in its limits that one person works here"
            )
        ramp = min(version.strategy.ramp, SINGLE_PERSON_RAMP)
        smaller = msgspec.structs.replace(version.strategy, ramp=ramp)
        version = replace(version, strategy=smaller)
    return replace(version, approved_by=by.name)


def _ended_by(mode: Mode, rest: Iterable[StrategyVersion]) -> list[StrategyVersion]:
    if mode in IN_FORCE:
        return [one for one in rest if one.mode in IN_FORCE]
    if mode == "approval":
        return [one for one in rest if one.mode == "approval"]
    return []


def _ended(version: StrategyVersion, by: Person, at: int, next_version: int) -> StrategyVersion:
    return replace(
        version,
        strategy=msgspec.structs.replace(version.strategy, mode="ended"),
        changed_at=at,
        changed_by=by.name,
        why=f"version {next_version} took its place",
        paused_from=None,
    )


def running(base: Strategies, kept: Iterable[StrategyVersion]) -> tuple[Strategy, ...]:
    """The strategies that decide, by key: those that are kept before those of a file.

    Args:
        base: of a file; a strategy of which a version is kept is out of its hands.
    """
    versions = list(kept)
    touched = {one.key for one in versions if one.mode in IN_FORCE | {"ended"}}
    found = [one for one in base.strategies if one.key not in touched]
    found += [one.strategy for one in versions]
    return tuple(sorted((one for one in found if one.is_running), key=lambda one: one.key))
