"""Homes in which an erasure dies at a named step: see `mortal_server.py`, whose lives these are.

A line is {"home", "step", "at", "key"}: with a key a life writes what there is to forget, else it
asks for the erasure of `WHO`, if nobody has, and does what waits.

Run as `python -m tests.contract.mortal_erasure`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from qianmian.bootstrap import load_classifier
from qianmian.bootstrap.installation import Installation, open_installation
from qianmian.runtime.deployment import Deployment
from qianmian.server.ingest.app import IngestApp
from qianmian.server.start import running
from qianmian.settings import Settings
from qianmian.storage.disk import RealDisk
from qianmian.storage.person_letters import LettersForget
from qianmian.storage.person_stores import (
    FactsForget,
    HistoryForgets,
    IdentitiesForget,
    ListsForget,
    LogForgets,
    ProfilesForget,
    SnapshotsForget,
)
from qianmian.storage.snapshots import SnapshotFolder
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.consents import ConsentLedger
from qianmian.storage.sql.persons import ErasureStore
from tests.contract.mortal_server import PACE_MS, Step, arm, main, post
from tests.contract.posts import posts

WHO, DEVICE = "member-wang-0099", "device-77ab01cd"
SAID = "knees-hurt-can-i-use-it"
SECRETS = (WHO, DEVICE, SAID)
STORES = (
    *(LogForgets, HistoryForgets, ListsForget, FactsForget, SnapshotsForget),
    *(LettersForget, ConsentLedger, IdentitiesForget, ProfilesForget),
)
STEPS: dict[str, Step] = {
    "before it is begun": (ErasureStore, "begin", True),
    "when it is begun": (ErasureStore, "begin", False),
    "before it is finished": (ErasureStore, "finish", True),
    "when it is finished": (ErasureStore, "finish", False),
    "before the engine stands still": (Deployment, "forgetting", True),
    "before a file has its name": (RealDisk, "replace", True),
    "when a file has its name": (RealDisk, "replace", False),
    "before a snapshot is kept": (SnapshotFolder, "save", True),
    "when a snapshot is kept": (SnapshotFolder, "save", False),
    **{f"before {one.__name__}": (one, "forget", True) for one in STORES},
    **{f"when {one.__name__}": (one, "forget", False) for one in STORES},
}


def told() -> bytes:
    """What there is to forget."""
    rows: list[dict[str, Any]] = [
        {"type": "room_entered", "anonymous_id": DEVICE, "visit": f"{DEVICE}-1"},
        {"type": "product_viewed", "anonymous_id": DEVICE, "product": "p1"},
        {"type": "identity_linked", "viewer": WHO, "anonymous_id": DEVICE},
        {"type": "comment_sent", "viewer": WHO, "text": SAID},
        {"type": "consent_changed", "viewer": WHO, "purpose": "tag:busy", "granted": False},
        {
            "type": "order_paid",
            "viewer": WHO,
            "order_id": f"o-{WHO}",
            "amount": 1,
            "currency": "CNY",
        },
        {"type": "no_such_type", "viewer": WHO, "text": SAID},
    ]
    return json.dumps({"events": [{"room": "r1"} | row for row in rows]}).encode()


def life(order: dict[str, Any]) -> None:
    """One life, up to its step or to a peaceful end."""
    home = Path(order["home"])
    settings = Settings(home=home, definitions=home / "definitions.yaml", expected_viewers=100)
    looks, began = itertools.count(), [0]

    def now() -> int:
        return began[0] + next(looks) * PACE_MS

    with open_installation(settings, now) as opened:
        began[0] = max(opened.log.last_clock + 1_000, 1_790_000_000_000)
        opened.deployment.recover(opened.definitions, opened.products)
        if not order.get("key"):
            arm(order["step"], order["at"], STEPS)

        async def act() -> None:
            async with running(opened.deployment, now=now):
                if order.get("key"):
                    await _tell(opened, now, order["key"])
                    return
                if not opened.persons.refusals.has(WHO):
                    opened.persons.requests.ask(WHO, by=Actor("test", "test", "test"))
                await opened.persons.desk(opened.deployment, settings.namespace).follow()

        asyncio.run(act())


async def _tell(opened: Installation, now: Any, key: str) -> None:
    app = IngestApp(
        sources=opened.sources,
        submit=opened.deployment.submit,
        dead_letters=opened.dead_letters,
        clock=now,
        classify=load_classifier().classify_many,
        secret=opened.secret,
    )
    others = (one.body for one in itertools.islice(posts(3, size=8), 24))
    bodies = [*itertools.islice(others, 12), told(), *others]
    for body in bodies:
        assert await post(app, key, body) == 200


if __name__ == "__main__":
    main(life)
