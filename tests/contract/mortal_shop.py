"""Servers with strategies that die at a named step: see `mortal_server.py`, whose lives these are.

A system of the shop is told of what is decided, another one makes codes: files that outlive the
servers, and that say now and then that they do not know, are busy, or refuse.

Run as `python -m tests.contract.mortal_shop`.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qianmian.bootstrap import load_classifier
from qianmian.bootstrap.installation import Installation, open_database, open_installation
from qianmian.channels.channel import Channel
from qianmian.channels.coupons import Wanted
from qianmian.channels.verdict import Verdict
from qianmian.channels.webhook import Webhook
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.outbox import Parcel
from qianmian.server.ingest.app import IngestApp
from qianmian.server.issuing import Issuing
from qianmian.server.outbox import Outbox
from qianmian.server.run import begin_deciding, outboxes_of, viewers_of
from qianmian.server.start import running
from qianmian.settings import Settings
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.issued import IssuedStore
from qianmian.storage.sql.outbox import OutboxStore
from qianmian.storage.sql.spending import SpendingBook
from qianmian.vocabulary.offer import Coupon
from tests.contract.mortal_server import STEPS as OF_THE_LOG
from tests.contract.mortal_server import Step, arm, main, post
from tests.contract.posts import posts
from tests.serving import now_ms

PACE_MS = 40
VIEWERS = 40
POOL = 60
LONG_DOWN_MS = 180_000
SENT = "sent.jsonl"
MADE = "made.jsonl"
ROUNDS = 1_000
QUIET = 60
SECRETS = "webhook_secret", "coupons_secret"

DEFINITIONS = """
- {key: basket, text: cart_added without order_paid within 2s again after 5s}
- {key: likes, text: liked again after 5s}
- {key: quiet, text: product_viewed for 3s without cart_added again after 5s}
"""
STRATEGIES = """
guardrails: {quiet_from: 0, quiet_until: 0, per_session: 4, apart_ms: 2000, per_day: 6}
offers:
  - {key: ten, title: 立减十元, rules: 每人一张, amount_minor: 1000, cost_minor: 1000, stock: 50}
  - {key: made, title: 立减一元, rules: 每人一张, cost_minor: 100, stock: 400, is_issued: true}
  - {key: five, title: 立减五元, rules: 每人一张, amount_minor: 500, cost_minor: 500, stock: 9}
strategies:
  - key: coupons
    moment: basket
    mode: full
    offer: ten
    limits: {per_session: 2, budget_minor: 45000}
    steps:
      - {channel: webhook, title: 发券, wait_ms: 20000}
      - {channel: follow_up, title: 还在想吗, body: "{offer|优惠}"}
  - {key: thanks, moment: likes, mode: full, limits: {per_session: 1},
     steps: [{channel: webhook, title: 谢谢}]}
  - {key: gifts, moment: basket, mode: full, offer: made, priority: 40, limits: {per_session: 2},
     steps: [{channel: webhook, title: 送券, wait_ms: 20000}, {channel: webhook, title: 再送}]}
  - {key: cards, moment: quiet, mode: full, offer: five, limits: {per_session: null},
     steps: [{channel: in_room, title: 给你的券}, {channel: host, title: 说一句}]}
"""


class Coupons(Channel):
    """The system of the shop: what it was told, in a file. Its answer is a hash of the message."""

    name = "webhook"
    is_keyed = True
    target = "coupons.example"
    body_of = Webhook.body_of

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        lines = path.read_text().splitlines()
        self.tries = [json.loads(line)["id"] for line in lines]

    def give(self, told: dict[str, Any]) -> None:
        """From here on it has happened, whatever becomes of the server."""
        os.write(self._file, (json.dumps(told) + "\n").encode())
        self.tries.append(told["id"])

    async def send(self, load: Sequence[Parcel], now_ms: int, *, within_ms: int) -> Verdict:
        """One attempt."""
        (one,) = load
        message, body = one.id, one.body
        assert within_ms > 0
        chance = hashlib.sha256(message.encode()).digest()[0]
        is_first = message not in self.tries
        is_given = chance >= 48 and not (is_first and chance < 96)
        self.give({"id": message, "body": body, "at": now_ms, "given": is_given})
        if is_given:
            return Verdict("unknown" if is_first and chance < 160 else "delivered")
        return Verdict("rejected" if chance < 48 else "later", after_ms=PACE_MS)

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Nobody asks."""
        return Verdict("delivered")


class Maker:
    """Makes codes, in a file: one for each id. Its answer is a hash of the id and the attempt."""

    target = "makes.example"

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        told = [json.loads(line) for line in path.read_text().splitlines()]
        self.codes = {one["act"]: one["code"] for one in told}
        self.asked = set(self.codes)

    def make(self, act: str) -> None:
        """From here on there is a coupon, whatever becomes of the server."""
        code = f"MADE-{len(self.codes):06}"
        os.write(self._file, (json.dumps({"act": act, "code": code}) + "\n").encode())
        self.codes[act] = code

    async def ask(self, wanted: Wanted, now_ms: int, *, within_ms: int) -> Coupon | Verdict:
        """One attempt."""
        assert within_ms > 0
        assert now_ms < wanted.deadline_at
        chance = hashlib.sha256(f"made {wanted.act}".encode()).digest()[0]
        if wanted.act in self.codes:
            return Coupon(self.codes[wanted.act])
        if chance < 32:
            return Verdict("rejected", "http_400")
        if chance % 2 and wanted.act not in self.asked:
            self.asked.add(wanted.act)
            return Verdict("later", after_ms=PACE_MS)
        self.make(wanted.act)
        return Verdict("unknown") if chance % 3 else Coupon(self.codes[wanted.act])

    async def test(self, name: str, now_ms: int) -> Verdict:
        """Nobody asks."""
        return Verdict("delivered")


OF_THE_SHOP: dict[str, Step] = {
    "before a message is in the outbox": (OutboxStore, "add", True),
    "when a message is in the outbox": (OutboxStore, "add", False),
    "before an attempt is noted": (OutboxStore, "begin", True),
    "when an attempt is noted": (OutboxStore, "begin", False),
    "before a coupon is given": (Coupons, "give", True),
    "when a coupon is given": (Coupons, "give", False),
    "before an end is noted": (OutboxStore, "end", True),
    "when an end is noted": (OutboxStore, "end", False),
    "before an end is told": (Deployment, "settle_decisions", True),
    "when an end is told": (OutboxStore, "note_told", True),
    "before a code is read": (CodeStore, "read", True),
    "when a code is read": (CodeStore, "read", False),
    "before a code is had again": (CodeStore, "unread", True),
    "when a code is had again": (CodeStore, "unread", False),
    "before a code is asked for": (IssuedStore, "begin", True),
    "when asking for a code is noted": (IssuedStore, "begin", False),
    "before a code is made": (Maker, "make", True),
    "when a code is made": (Maker, "make", False),
    "before a code that was made is kept": (IssuedStore, "keep", True),
    "when a code that was made is kept": (IssuedStore, "keep", False),
    "before the ledger is written": (SpendingBook, "flush", True),
    "when the ledger is written": (SpendingBook, "flush", False),
}
STEPS = OF_THE_LOG | OF_THE_SHOP


def shop_in(home: Path) -> None:
    """Definitions, strategies, and the codes of an offer."""
    (home / "definitions.yaml").write_text(DEFINITIONS, encoding="utf-8")
    (home / "strategies.yaml").write_text(STRATEGIES, encoding="utf-8")
    with open_database(home) as database:
        CodeStore(database, now_ms).add("ten", [f"TEN-{n:04}" for n in range(POOL)], SYSTEM)


def settings_of(home: Path, **more: Any) -> Settings:
    return Settings(
        home=home,
        definitions=home / "definitions.yaml",
        strategies=home / "strategies.yaml",
        snapshot_s=5,
        expected_viewers=100,
        **(dict.fromkeys(SECRETS, home / "nobody reads it") | more),
    )


def consents() -> bytes:
    """Everybody lets the shop tell its coupon system; the same message however often."""
    share = {"type": "consent_changed", "purpose": "share", "granted": True}
    told = [share | {"viewer": f"v{n}", "message_id": f"share-{n}"} for n in range(VIEWERS)]
    return json.dumps({"events": told}).encode()


def live(order: dict[str, Any]) -> None:
    """One life, up to its step or to a peaceful end."""
    home = Path(order["home"])
    looks = itertools.count()
    began = [0]

    def now() -> int:
        return began[0] + next(looks) * PACE_MS

    arm(order["step"], order["at"], STEPS)
    with open_installation(settings_of(home), now) as opened:
        down_ms = LONG_DOWN_MS if opened.log.next_offset % 4 == 0 else 1_000
        began[0] = max(opened.log.last_clock + down_ms, 1_790_000_000_000)
        opened.deployment.recover(opened.definitions, opened.products)
        asyncio.run(_serve(opened, order, now))


async def _serve(opened: Installation, order: dict[str, Any], now: Any) -> None:
    async with running(opened.deployment, now=now):
        ingest = IngestApp(
            sources=opened.sources,
            submit=opened.deployment.submit,
            dead_letters=opened.dead_letters,
            clock=now,
            classify=load_classifier().classify_many,
            secret=opened.secret,
        )
        (outbox,) = outboxes = outboxes_of(opened, now, [Coupons(Path(order["home"]) / SENT)])
        maker = Maker(Path(order["home"]) / MADE)
        viewers = viewers_of(opened, ingest, now)
        outlets = await begin_deciding(opened, viewers, now, outboxes, maker)
        first, key = order["first"], order["key"]
        if first == 0:
            assert await post(ingest, key, consents()) == 200
        mine = posts(order["seed"], size=5, viewers=VIEWERS)
        for one in itertools.islice(mine, first, first + order["posts"]):
            assert await post(ingest, key, one.body) == 200
            os.write(1, "".join(f"+{name}\n" for name in one.ids).encode())
            await outlets.issuing.follow()
            await outbox.follow()
            await outlets.follow_ups.follow()
        if order["step"] is None:
            await _until_quiet(opened, outbox, outlets.issuing)


async def _until_quiet(opened: Installation, outbox: Outbox, issuing: Issuing) -> None:
    """Nothing more is on its way: each round is a message of the log, so that time goes on."""
    quiet = 0
    for _ in range(ROUNDS):
        await opened.deployment.settle()
        await issuing.follow()
        await outbox.follow()
        quiet = 0 if outbox.counts().get("waiting") else quiet + 1
        if quiet == QUIET:
            return
    raise AssertionError(outbox.counts())


if __name__ == "__main__":
    main(live)
