"""An address that leads into a private network: every channel refuses it at once, and says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence

import pytest

from qianmian.channels.channel import Channel
from qianmian.channels.dingtalk import DingTalk
from qianmian.channels.egress import Egress
from qianmian.channels.email import Email, server_of
from qianmian.channels.jpush import JPush
from qianmian.channels.verdict import PRIVATE_ADDRESS, Verdict
from qianmian.channels.webhook import Webhook
from qianmian.locales.texts import Texts
from qianmian.storage.sql.database import Database
from tests.contract.outside import new_shop
from tests.contract.test_channels import ROWS
from tests.fakes import mail_server, push_server, receiver, robot
from tests.unit.channels.test_email import LINKS

TEXTS = Texts("zh-CN", "channels")
INSIDE = "https://inside.example"
ROBOT = f"{INSIDE}/robot/send?access_token={robot.TOKEN}"


async def resolved(_host: str, _port: int) -> Sequence[str]:
    return ["10.0.0.1"]


async def address(_viewer: str) -> str:
    return "somebody@reader.example"


CHANNELS: dict[str, Callable[[Egress], Channel]] = {
    "webhook": lambda by: Webhook(INSIDE, receiver.SECRET, by, allow_private=False),
    "bot": lambda by: DingTalk(ROBOT, robot.SECRET, TEXTS, by, allow_private=False),
    "push": lambda by: JPush(
        INSIDE,
        (push_server.KEY, push_server.SECRET),
        TEXTS,
        by,
        address,
        allow_private=False,
    ),
    "email": lambda by: Email(
        server_of("smtp://shop@inside.example:25", mail_server.PASSWORD, is_private=False),
        mail_server.SENDER,
        TEXTS,
        LINKS,
        by,
        address,
    ),
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database.in_file(tmp_path_factory.mktemp("private") / "q.db").migrated()
    yield opened
    opened.close()


def test_every_channel_is_asked() -> None:
    assert sorted(CHANNELS) == sorted(one.name for one in ROWS)


@pytest.mark.parametrize("name", CHANNELS)
def test_it_is_refused_at_once_and_the_log_says_so_once(
    database: Database, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    shop = new_shop(database)
    caplog.set_level(logging.WARNING)

    async def story() -> None:
        outbox = shop.outbox(CHANNELS[name](Egress(resolve=resolved)))
        for one in "ab":
            outbox.take(shop.parcel(outbox.channel, one))
        await outbox.follow()
        assert (shop.given, sorted(shop.released)) == ([], ["a", "b"]), "no later attempt"
        assert outbox.counts() == {"rejected": 2}
        assert await outbox.test() == Verdict("rejected", PRIVATE_ADDRESS)
        told = [one.getMessage() for one in caplog.records if "private network" in one.getMessage()]
        (line,) = told
        assert name in line
        assert "inside.example" in line
        assert robot.TOKEN not in line
        shop.clock.pass_ms(60_000)
        await outbox.test()
        assert sum("private network" in one.getMessage() for one in caplog.records) == 2

    asyncio.run(story())
