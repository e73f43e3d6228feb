"""A letter: what is in it, what each answer of a mail server means, and the way out."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qianmian.channels.channel import AddressOf, Channel
from qianmian.channels.egress import Egress
from qianmian.channels.email import LOGIN_MS, Email, Links, server_of
from qianmian.channels.unsubscribe import PATH, Unsubscribe
from qianmian.channels.verdict import Verdict
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.outbox import Parcel
from qianmian.vocabulary.offer import Offer
from tests.contract.outside import LONG_MS, message_of
from tests.fakes.mail_server import PASSWORD, SENDER, UNSUBSCRIBE, MailServer, playing

LINKS = Links(UNSUBSCRIBE, "https://live.shop.example")
TEXTS = Texts("zh-CN", "channels")


def parcel_of(channel: Channel, *, offer: Offer | None = None) -> Parcel:
    message = message_of("a", 1_795_000_000_000, 1_795_000_600_000)
    changed = {name: getattr(message, name) for name in message.__struct_fields__}
    told = type(message)(**{**changed, "offer": offer})
    return Parcel(
        id="d1",
        channel="email",
        viewer="v-a",
        strategy="help",
        version=1,
        body=channel.body_of(told),
        deadline_at=told.deadline_at,
        next_at=0,
    )


def told(*acts: str, password: str = PASSWORD) -> tuple[Verdict, MailServer]:
    """What a server that plays this says to a letter."""

    async def story() -> tuple[Verdict, MailServer]:
        async with playing(acts) as server:
            server.password = password
            channel = server.channel(LONG_MS)
            offer = Offer(key="ten_off", title="立减十元", rules="每人一张", amount_minor=1_000)
            verdict = await channel.send([parcel_of(channel, offer=offer)], 0, within_ms=LONG_MS)
            return verdict, server

    return asyncio.run(story())


def test_a_letter_has_its_label_its_ids_and_two_ways_out() -> None:
    verdict, server = told()
    assert verdict.outcome == "delivered"
    ((address, mail),) = server.letters
    assert (address, mail["To"]) == ("v-a@reader.example", "v-a@reader.example")
    assert mail["Subject"] == "【广告】for a."
    assert mail["Message-ID"] == "<d1@shop.example>"
    assert mail["From"] == SENDER
    link = LINKS.unsubscribe("v-a")
    assert mail["List-Unsubscribe"] == f"<{link}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, page = mail.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(page, EmailMessage)
    assert "Ten <off> & more" in plain.get_content()
    assert "Ten &lt;off&gt; &amp; more" in page.get_content()
    for text in (plain.get_content(), page.get_content()):
        assert link in text
        assert "https://shop.example/p1" in text
        assert "https://live.shop.example/rules/ten_off" in text


@pytest.mark.parametrize(
    ("act", "outcome", "why"),
    [
        ("later", "later", "smtp_451"),
        ("refuses", "rejected", "smtp_554"),
        ("busy_reader", "later", "smtp_452"),
        ("refuses_reader", "rejected", "smtp_550"),
        ("cuts", "unknown", "no_answer"),
    ],
)
def test_what_a_mail_server_says(act: str, outcome: str, why: str) -> None:
    verdict, _ = told(act)
    assert (verdict.outcome, verdict.why) == (outcome, why)


def test_a_server_that_does_not_let_us_in_is_left_alone() -> None:
    verdict, server = told(password="wrong-horse")
    assert verdict == Verdict("later", "smtp_535", LOGIN_MS)
    assert server.tries == {}


def test_nobody_listens() -> None:
    async def story() -> Verdict:
        async with playing([]) as server:
            channel = server.channel(LONG_MS)
        return await channel.send([parcel_of(channel)], 0, within_ms=LONG_MS)

    assert asyncio.run(story()) == Verdict("later", "no_connection")


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (None, "no_address"),
        ("", "bad_address"),
        ("a@b.example,c@d.example", "bad_address"),
        ("a@b.example\r\nRCPT TO:<c@d.example>", "bad_address"),
        ("店@shop.example", "bad_address"),
        (f"{'a' * 250}@shop.example", "bad_address"),
    ],
)
def test_who_has_no_address_is_not_written_to(address: str | None, why: str) -> None:
    async def story() -> None:
        async def found(_viewer: str) -> str | None:
            return address

        async with playing([]) as server:
            channel = email(server.port, found)
            verdict = await channel.send([parcel_of(channel)], 0, within_ms=LONG_MS)
            assert verdict == Verdict("rejected", why)
            assert server.tries == {}

    asyncio.run(story())


def email(port: int, address_of: AddressOf) -> Email:
    server = server_of(f"smtp://shop@127.0.0.1:{port}", PASSWORD, is_private=True)
    return Email(server, SENDER, TEXTS, LINKS, Egress(allow_private=True), address_of)


def test_a_mail_server_of_a_private_network_is_not_called_unless_it_may() -> None:
    async def story() -> None:
        async with playing([]) as server:
            mine = server_of(f"smtp://shop@127.0.0.1:{server.port}", PASSWORD, is_private=False)

            async def found(_viewer: str) -> str:
                return "a@b.example"

            channel = Email(mine, SENDER, TEXTS, LINKS, Egress(), found)
            verdict = await channel.send([parcel_of(channel)], 0, within_ms=LONG_MS)
            assert verdict == Verdict("rejected", "private_address")

    asyncio.run(story())


@pytest.mark.parametrize(
    "url",
    ["", "https://mail.example", "smtps://", "smtps://me:secret@mail.example", "smtps://m:99999"],
)
def test_what_is_no_mail_server(url: str) -> None:
    with pytest.raises(InputError) as problem:
        server_of(url, "", is_private=False)
    assert "secret" not in str(problem.value)
    assert PASSWORD not in repr(server_of("smtps://me@mail.example", PASSWORD, is_private=False))


viewers = st.text(min_size=1, max_size=60).filter(lambda one: one.isprintable())


@given(viewer=viewers, other=viewers, at=st.integers(0, 1_000), flip=st.integers(1, 63))
def test_a_link_is_for_one_viewer_and_cannot_be_made_by_others(
    viewer: str, other: str, at: int, flip: int
) -> None:
    token = UNSUBSCRIBE.token(viewer, "email")
    assert UNSUBSCRIBE.read(token) == (viewer, "email")
    assert (UNSUBSCRIBE.token(other, "email") == token) is (viewer == other)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = at % (len(token) - 1)  # of the last letter some bits may mean nothing
    turned = letters[(letters.index(token[place]) + flip) % 64]
    assert UNSUBSCRIBE.read(token[:place] + turned + token[place + 1 :]) is None
    assert Unsubscribe(bytes(32), "default").read(token) is None
    assert Unsubscribe(bytes(range(32)), "elsewhere").read(token) is None


@given(token=st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_any_other_text_is_no_link(token: str) -> None:
    assert UNSUBSCRIBE.read(token.removeprefix(PATH)) is None
