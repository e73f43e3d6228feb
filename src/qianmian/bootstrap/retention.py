"""How long each class of data is kept, and the chores that see to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qianmian.runtime.chores import Chore
from qianmian.runtime.dead_letters import KEPT_MS
from qianmian.settings import Settings
from qianmian.storage.history import History
from qianmian.storage.segment_log import SegmentLog
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.vocabulary.time import HOUR_MS

DAY_MS = 24 * HOUR_MS
FOR_EVER = 0


def retention_of(settings: Settings) -> Mapping[str, int]:
    """Days by class of data; 0 is for ever."""
    return {
        "log": settings.retention_days,
        "texts": settings.text_days,
        "history": settings.history_days,
        "dead_letters": KEPT_MS // DAY_MS,
        "consents": settings.consent_days,
        "audit": FOR_EVER,
    }


def retention_chores(
    settings: Settings,
    log: SegmentLog,
    snapshots: SnapshotFolder,
    history: History,
    ledger: ConsentLedger,
    now: Callable[[], int],
) -> list[Chore]:
    """What takes away what has been kept long enough, each hour."""

    def drop_log() -> list[str]:
        dropped = log.drop_old(
            keep_ms=settings.retention_days * DAY_MS,
            snapshot_offset=snapshots.oldest_offset or 0,
        )
        return [segment.path.name for segment in dropped]

    def drop_history() -> int:
        at = now()
        texts = history.drop_texts(at - settings.text_days * DAY_MS)
        return texts + history.drop_before(at - settings.history_days * DAY_MS)

    def drop_consents() -> int:
        return ledger.drop_before(now() - settings.consent_days * DAY_MS)

    return [
        Chore("log_retention", drop_log),
        Chore("history_retention", drop_history),
        Chore("consent_retention", drop_consents),
    ]
