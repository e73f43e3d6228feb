"""What the files of a home do when a person is erased: each store is a `Forgets` of the runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qianmian.columns.erasure import erased
from qianmian.errors import InputError
from qianmian.runtime.fact_files import name_newest, newest, read_facts, write_facts
from qianmian.runtime.persons import Erasure
from qianmian.storage.history_thread import HistoryThread
from qianmian.storage.profile_file import StoredProfiles
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.segment_rewrite import Renamed
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.identities import IdentityStore
from qianmian.storage.sql.lists import ListStore

FACT_FILES: Final = "facts-*.arrow"


@dataclass(frozen=True, slots=True)
class LogForgets:
    """The log: every segment that holds the person is written again, with the same offsets."""

    log: SegmentLog
    name: str = "log"

    def forget(self, erasure: Erasure) -> int:
        """Finish the segment that is being written, then write those again; how many.

        Raises: LogUnavailable, LogProblem.
        """
        self.log.begin_segment()
        named = erasure.tombstone_by_viewer
        return len(
            self.log.rewrite(lambda batch: erased(batch, named), Renamed(erasure.facts, named))
        )


@dataclass(frozen=True, slots=True)
class HistoryForgets:
    """History: every Parquet file that holds the person is written again."""

    history: HistoryThread
    name: str = "history"

    def forget(self, erasure: Erasure) -> int:
        """Write what waits, then those files again; how many.

        Raises: LogUnavailable, LogProblem.
        """
        return self.history.erase(erasure.tombstone_by_viewer, erasure.before)


@dataclass(frozen=True, slots=True)
class SnapshotsForget:
    """Snapshots: those from before the engine forgot are deleted; a later one is there."""

    snapshots: SnapshotFolder
    name: str = "snapshots"

    def forget(self, erasure: Erasure) -> int:
        """Delete them; how many. Raises: OSError."""
        return self.snapshots.forget_before(erasure.before)


@dataclass(frozen=True, slots=True)
class FactsForget:
    """Builds of facts: those with the person are deleted; the log names the others by now."""

    folder: Path
    name: str = "facts"

    def write_again(self, viewers: frozenset[str]) -> dict[str, str]:
        """Make builds without these viewers; new names by old ones. What is there stays.

        Raises: OSError when they cannot be written.
        """
        renamed: dict[str, str] = {}
        for path in sorted(self.folder.glob(FACT_FILES)):
            name = path.stem.removeprefix("facts-")
            try:
                data = read_facts(self.folder, name).without(viewers)
            except InputError:
                continue  # damaged, or gone by now: nobody can take it for facts either
            if data is not None:
                made = write_facts(self.folder, data)
                renamed[name] = made.stem.removeprefix("facts-")
        now = newest(self.folder)
        if now in renamed:
            name_newest(self.folder, renamed[now])
        return renamed

    def forget(self, erasure: Erasure) -> int:
        """Delete the builds that were written again; how many. Raises: OSError."""
        return _delete(self.folder, erasure.facts)


@dataclass(frozen=True, slots=True)
class ProfilesForget:
    """Profiles: the newest build is written again, and no other is kept."""

    profiles: StoredProfiles
    name: str = "profiles"

    def forget(self, erasure: Erasure) -> int:
        """Write them without the person; 1 when somebody was in them.

        Raises: InputError when they cannot be read; OSError when they cannot be written.
        """
        return int(self.profiles.forget(erasure.tombstone_by_viewer.keys()))


@dataclass(frozen=True, slots=True)
class IdentitiesForget:
    """The identity graph: every link from or to the person goes."""

    identities: IdentityStore
    name: str = "identities"

    def forget(self, erasure: Erasure) -> int:
        """Delete them; how many. Raises: OperationalError."""
        return self.identities.forget(erasure.tombstone_by_viewer.keys())


@dataclass(frozen=True, slots=True)
class ListsForget:
    """Uploaded lists: the person is on none of them."""

    lists: ListStore
    name: str = "lists"

    def forget(self, erasure: Erasure) -> int:
        """Take them off; how many lines. Raises: OperationalError."""
        return self.lists.forget(erasure.tombstone_by_viewer.keys())


def _delete(folder: Path, renamed: Mapping[str, str]) -> int:
    for name in renamed:
        (folder / f"facts-{name}.arrow").unlink(missing_ok=True)
    return len(renamed)
