"""Messages that wait for a channel whose settings are gone: seen, and ended at their deadline."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from qianmian.bootstrap.channels import SET_BY, Parts, channels_of, off_of
from qianmian.channels.egress import Egress
from qianmian.channels.unsubscribe import Unsubscribe
from qianmian.errors import OperationalError
from qianmian.runtime.outbox import Parcel
from qianmian.server.outbox import CHANNEL_OFF, Stranded
from qianmian.settings import Settings
from tests.contract.outside import new_shop
from tests.fakes import push_server, receiver, robot
from tests.tables import database_in

LASTS_MS = 3_600_000


def waiting(name: str, channel: str, now: int, *, may_be_there: bool = False) -> Parcel:
    return Parcel(
        id=name,
        channel=channel,
        viewer=f"v-{name}",
        strategy="recall",
        version=1,
        body="{}",
        deadline_at=now + LASTS_MS,
        next_at=now,
        may_be_there=may_be_there,
    )


def test_what_waits_for_a_channel_that_is_gone_ends_at_its_deadline_and_is_given_back(
    tmp_path: Path,
) -> None:
    database = database_in(tmp_path / "home" / "qianmian.db")
    shop = new_shop(database)
    now = shop.clock()
    kept = [waiting("a", "email", now), waiting("b", "push", now, may_be_there=True)]
    shop.store.add([*kept, waiting("mine", "webhook", now)], shop.refuses.__contains__)
    gone = Stranded(shop.store.beside(["webhook"]), shop.settle, shop.refuses.__contains__)
    with pytest.raises(OperationalError, match="any more: 2;"):
        asyncio.run(gone.follow())
    shop.clock.pass_ms(LASTS_MS)
    asyncio.run(gone.follow())
    assert (gone.counts("email"), gone.counts("push")) == ({"expired": 1}, {"unknown": 1})
    assert (shop.released, shop.given) == (["a"], ["b"])
    assert shop.store.of("webhook").counts() == {"waiting": 1}
    viewers = frozenset({"v-a", "v-b"})
    assert {one["why"] for one in shop.store.export(viewers)} == {CHANNEL_OFF}
    database.close()


def test_what_is_off_is_what_no_channel_is_made_for(tmp_path: Path) -> None:
    """Each by its own settings, and all of them."""
    secret = tmp_path / "secret"
    mine: dict[str, dict[str, Any]] = {
        "webhook": {"webhook_url": "https://shop.example/", "webhook_secret": secret},
        "email": {"email_url": "smtps://mail.example", "email_from": "s@mail.example"},
        "bot": {"bot_secret": secret},
        "push": {"push_key": "k", "push_secret": secret},
    }
    texts = {
        "webhook": receiver.SECRET,
        "bot": f"https://oapi.dingtalk.com/robot/send?access_token=t\n{robot.SECRET}",
    }
    assert mine.keys() == SET_BY.keys()
    parts = Parts(Egress(), lambda _viewer, _channel: None, Unsubscribe(b"s", "default"))
    assert off_of(Settings()) == ("webhook", "push", "email", "sms", "wechat", "bot")
    for name, given in mine.items():
        secret.write_text(texts.get(name, push_server.SECRET), encoding="ascii")
        settings = Settings(public_url="https://live.shop.example", **given)
        assert [one.name for one in channels_of(settings, parts)] == [name]
        assert set(off_of(settings)) == {*mine, "sms", "wechat"} - {name}
