"""What an installation gives to its parts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from qianmian.bootstrap.installation import open_installation
from qianmian.settings import Settings
from qianmian.vocabulary.firing import Firing
from tests.fakes.memory_log import MemoryLog
from tests.room_story import DEFINITIONS, START, new_live, written


def test_the_namespace_is_part_of_what_fires(tmp_path: Path) -> None:
    story = MemoryLog()
    of_default = written(story, new_live())
    fired: list[Firing] = []
    settings = Settings(home=tmp_path, namespace="brand")
    with open_installation(settings, lambda: START) as home:
        for message in story.read(0):
            home.log.append(message.clock, [message.body])
        home.log.commit()
        home.deployment.recover(DEFINITIONS, on_firings=fired.extend)
    assert {one.namespace for one in fired} == {"brand"}
    assert Counter((one.at, one.viewer, one.moment) for one in fired) == Counter(
        (one.at, one.viewer, one.moment) for one in of_default
    )
    assert {one.id for one in fired}.isdisjoint(one.id for one in of_default)
