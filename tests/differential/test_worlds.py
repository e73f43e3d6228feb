"""Engine and oracle agree on worlds that Hypothesis draws, and shrinks where they do not."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.differential.engine_runs import engine_firings, plain
from tests.differential.worlds import World, worlds
from tests.oracle.run import run

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)
BRIEFLY = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=SLOW
)
LONG = settings(BRIEFLY, max_examples=400)


def agree(world: World) -> None:
    """Both sides fire the same."""
    end = world.messages[-1][0] + 10_000
    got = engine_firings(
        world.definitions,
        world.messages,
        finish_at=end,
        shards=world.shards,
        cuts=world.cuts,
        restores=world.restores,
    )
    assert got == plain(run(world.definitions, world.messages, finish_at=end).firings)


@BRIEFLY
@given(worlds(edits=False))
def test_engine_and_oracle_fire_the_same(world: World) -> None:
    agree(world)


@BRIEFLY
@given(worlds(edits=True))
def test_also_when_definitions_change(world: World) -> None:
    agree(world)


@pytest.mark.long
@LONG
@given(worlds(edits=False))
def test_many_more(world: World) -> None:
    agree(world)


@pytest.mark.long
@LONG
@given(worlds(edits=True))
def test_many_more_changes(world: World) -> None:
    agree(world)
