"""Servers with strategies are killed under load; a real coupon system gives each coupon once."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from random import Random

import httpx
import pytest

from qianmian.bootstrap.installation import open_sources
from qianmian.runtime.sources import Source
from qianmian.storage.segment_log import SegmentLog
from qianmian.vocabulary.decision import ACT
from tests.contract.mortal_shop import settings_of, shop_in
from tests.contract.test_server_killed import KILLS, Client, live_and_die
from tests.contract.test_shop_exits import check_caps, retold, stored
from tests.fakes.beside import beside
from tests.fakes.receiver import HANG, SECRET, Receiver, receiving, said
from tests.serving import WAIT_S, now_ms, served
from tests.unit.server.test_webhook import until


def killed(folder: Path, receiver: Receiver, most_posts: list[int]) -> Counter[str]:
    """Servers of one home, each killed after so many posts, and one that ends its work."""
    home = folder / "home"
    home.mkdir()
    shop_in(home)
    (folder / "secret").write_text(SECRET, encoding="ascii")
    with open_sources(home, now_ms) as sources:
        _, key = sources.create(Source("shop", "server", default_room="r1"))
    more = {
        "QIANMIAN_STRATEGIES": str(home / "strategies.yaml"),
        "QIANMIAN_WEBHOOK_URL": receiver.url,
        "QIANMIAN_WEBHOOK_SECRET": str(folder / "secret"),
        "QIANMIAN_EGRESS_PRIVATE": "true",
    }
    secret = folder / "secret"
    settings = settings_of(
        home,
        webhook_url=receiver.url,
        webhook_secret=secret,
        coupons_secret=None,
        egress_private=True,
    )
    with served(home, settings) as server:
        share = {"type": "consent_changed", "purpose": "share", "granted": True}
        events = [share | {"viewer": f"v{n}", "message_id": f"s{n}"} for n in range(12)]
        url = f"{server.url}/v1/events"
        answer = httpx.post(url, json={"events": events}, auth=(key, ""), timeout=WAIT_S)
        assert answer.json()["accepted"] == 12
    clients = [Client(number) for number in range(2)]
    for count in most_posts:
        ended = live_and_die(home, key, clients, count, signal.SIGKILL, more)
        assert ended == -signal.SIGKILL
    with served(home, settings) as server:
        until(lambda: not server.home.outbox.counts().get("waiting"))
    return checked(home, receiver)


def checked(home: Path, receiver: Receiver) -> Counter[str]:
    log = SegmentLog(home / "log")
    try:
        _, rows, logged, released = retold(log)
    finally:
        log.close()
    assert stored(home) == {
        name: (*one.held[:3], one.held.code, one.state) for name, one in rows.items()
    }
    check_caps(logged)
    acts = {one.id: one for one in logged if one.outcome == ACT}
    given = receiver.given
    assert set(receiver.tries) <= set(acts)
    assert not set(given) & released
    thanks = {one.id for one in acts.values() if one.strategy == "thanks"}
    assert thanks <= set(receiver.tries) | released, "no thank you is lost"
    codes = [one["data"]["offer"]["code"] for one in given.values() if one["data"]["offer"]]
    assert len(set(codes)) == len(codes)
    for name, body in given.items():
        assert body["data"]["viewer"] == acts[name].viewer
    assert sum(receiver.coupons.values()) == len(given)
    again = sum(n > 1 for n in receiver.tries.values())
    return Counter(given=len(given), codes=len(codes), again=again)


@pytest.mark.long
def test_a_shop_that_is_killed_often_gives_each_coupon_once(tmp_path: Path) -> None:
    chance = Random(20)
    script = [chance.choice((said(200), said(503), HANG)) for _ in range(30)]
    with beside(receiving(script)) as receiver:
        told = killed(tmp_path, receiver, [chance.randint(1, 60) for _ in range(KILLS)])
    assert min(told[name] for name in ("given", "codes", "again")) > 0, told
