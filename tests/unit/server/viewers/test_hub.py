"""Messages and lines: who gets what, until when, and what becomes of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError
from qianmian.server.viewers.desk import ViewersDesk
from qianmian.server.viewers.hub import ACKED_AFTER_MS, KEPT, HubLimits
from qianmian.server.viewers.line import MAX_WAITING
from qianmian.vocabulary.consent import MARKETING
from qianmian.vocabulary.room_message import OfferShown, Receipt, State, is_safe_url
from tests.live_page import Side, run, turn


def test_a_message_reaches_all_pages_of_its_viewer_in_its_room_and_nobody_else() -> None:
    async def story() -> None:
        side = Side()
        pages = [await side.entered("ming"), await side.entered("ming")]
        others = [await side.entered("hua"), await side.entered("ming", "r2")]
        offer = OfferShown("c1", "满减", 1_000, "CNY", "AB12", "https://shop.example/rules", 5)
        assert side.hub.publish(side.card(offer=offer, is_ad=True, why="您看了三次")) == 2
        for page in pages:
            told = (await page.until(lambda heard: len(heard.frames) == 2)).frames[1]
            assert (told["type"], told["id"], told["is_ad"]) == ("message", "m1", True)
            assert told["offer"]["code"] == "AB12"
        assert side.hub.publish(side.card("m2", None)) == 3, "everybody in the room"
        for page in (*pages, others[0]):
            await page.until(lambda heard: "m2" in heard.ids())
        assert [page.heard.ids() for page in others] == [["m2"], []]
        assert side.hub.statistics().sockets == 4
        assert side.hub.statistics().viewers == 2

    run(story)


def test_who_comes_later_gets_what_still_holds_and_was_not_seen() -> None:
    async def story() -> None:
        side = Side()
        assert side.hub.publish(side.card("short", expires_at=side.clock() + 1_000)) == 0
        assert side.hub.publish(side.card("mine")) == 0
        assert side.hub.publish(side.card("all", None)) == 0
        assert side.hub.publish(side.card("seen")) == 0
        side.clock.pass_ms(1_000)
        page = await side.entered(last=["seen"])
        assert (await page.until(lambda heard: len(heard.frames) == 3)).ids() == ["all", "mine"]
        assert (await side.entered("hua")).heard.frames[0]["type"] == "welcome"
        assert side.hub.statistics().queued == 3

    run(story)


def test_nothing_is_sent_after_it_expired_not_even_what_waited() -> None:
    async def story() -> None:
        side = Side()
        page = await side.entered()
        assert side.hub.publish(side.card("late", at=1, expires_at=side.clock())) == 0
        page.reads.clear()
        assert side.hub.publish(side.card("a")) == 1
        assert side.hub.publish(side.card("b", expires_at=side.clock() + 10)) == 1
        await turn()  # the page is busy with "a"; "b" waits
        side.clock.pass_ms(10)
        page.reads.set()
        side.hub.publish(side.card("c"))
        assert (await page.until(lambda heard: "c" in heard.ids())).ids() == ["a", "c"]
        assert side.hub.statistics().dropped == 2

    run(story)


def test_of_a_list_only_the_newest_is_kept_and_of_others_the_newest_eight() -> None:
    async def story() -> None:
        side = Side()
        for n in range(20):
            side.hub.publish(side.card(f"hot{n}", None, kind="hot_list"))
            side.hub.publish(side.card(f"m{n}"))
        side.hub.publish(side.card("pick", None, kind="recommended"))
        page = await side.entered()
        wanted = ["hot19", "pick", *(f"m{n}" for n in range(20 - KEPT, 20))]
        heard = await page.until(lambda heard: len(heard.ids()) == len(wanted))
        assert heard.ids() == wanted

    run(story)


def test_the_same_id_again_takes_the_place_of_the_first_and_keeps_its_receipts() -> None:
    async def story() -> None:
        side = Side()
        side.hub.publish(side.card("m"))
        assert await side.hub.acknowledge("ming", "r1", "m", "delivered")
        side.hub.publish(side.card("m", body="again"))
        assert await side.hub.acknowledge("ming", "r1", "m", "delivered")
        page = await side.entered()
        assert (await page.until(lambda heard: bool(heard.ids()))).ids() == ["m"]
        assert side.hub.statistics().receipts == {"delivered": 1}

    run(story)


def test_who_comes_in_is_not_given_what_is_taken_back_before() -> None:
    async def story() -> None:
        side = Side()
        for name in ("m1", "m2"):
            side.hub.publish(side.card(name))
        asked = []

        async def before_join(viewer: str, room: str) -> None:
            asked.append((viewer, room))
            side.hub.withdraw("m1", room, viewer)

        side.hub.before_join = before_join
        page = await side.entered()
        assert (await page.until(lambda heard: bool(heard.ids()))).ids() == ["m2"]
        assert asked == [("ming", "r1")]

    run(story)


def test_what_waits_on_a_line_and_is_taken_back_is_not_sent() -> None:
    async def story() -> None:
        side = Side()
        page = await side.entered()
        page.reads.clear()
        for name in ("m0", "m1"):  # the page reads nothing while it is given the first
            side.hub.publish(side.card(name))
            await turn()
        side.hub.withdraw("m1", "r1", "ming")
        page.reads.set()
        heard = await page.until(lambda heard: heard.frames[-1]["type"] == "withdrawn")
        assert heard.ids() == ["m0"]

    run(story)


def test_a_message_that_is_taken_back_goes_from_pages_and_reaches_no_more() -> None:
    async def story() -> None:
        side = Side()
        page = await side.entered()
        side.hub.publish(side.card("m"))
        await page.until(lambda heard: heard.ids() == ["m"])
        assert side.hub.withdraw("m", "r1", "ming") == 1
        told = await page.until(lambda heard: len(heard.frames) == 3)
        assert told.frames[2] == {"type": "withdrawn", "id": "m"}
        side.hub.publish(side.card("after"))
        again = await side.entered()
        assert (await again.until(lambda heard: bool(heard.ids()))).ids() == ["after"]
        assert side.hub.withdraw("m", "nowhere") == 0

    run(story)


@pytest.mark.parametrize(
    "wrong",
    [
        {"action_url": "javascript:alert(1)"},
        {"action_url": "http://shop.example/"},
        {"action_url": "//evil.example/"},
        {"action_url": "/\\evil.example"},
        {"action_url": "https://shop.example@evil.example/"},
        {"action_url": "data:text/html,x"},
        {"action_url": "https://shop.example/\tx"},
        {"offer": OfferShown("c", "t", 1, "CNY", None, "ftp://x/")},
        {"kind": "popup"},
        {"room": ""},
        {"viewer": "a\x00b"},
        {"title": "t" * 121},
        {"body": "b" * 2_001},
        {"expires_at": 1},
    ],
)
def test_what_no_page_may_show_is_refused(wrong: dict[str, Any]) -> None:
    side = Side()
    with pytest.raises(InputError):
        side.hub.publish(side.card(**{"viewer": "ming", **wrong}))
    assert side.hub.statistics().queued == 0


def test_links_of_the_shop_may_be_shown() -> None:
    for good in ("https://shop.example/p?a=1#x", "/cart", "?a=1", "#top", "/", "https://商店.cn"):
        assert is_safe_url(good), good


def test_each_state_of_a_message_is_one_event_of_the_log_however_often_it_is_told() -> None:
    async def story() -> None:
        side = Side()
        pages = [await side.entered(), await side.entered()]
        side.hub.publish(side.card("m"))
        writing = asyncio.create_task(side.desk.keep_writing())
        for page in pages:
            await page.until(lambda heard: bool(heard.ids()))
            for state in ("delivered", "opened", "delivered"):
                page.say({"type": "ack", "id": "m", "state": state})
            page.go()
            await page.ended()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        kept = [(row["type"], row["delivery_id"], row["viewer"]) for row in side.rows]
        assert kept == [("message_delivered", "m", "ming"), ("message_opened", "m", "ming")]
        first = side.rows[0]
        assert (first["room"], first["source"], first["channel"]) == ("r1", "live", "in_room")
        assert side.hub.statistics().receipts == {"delivered": 1, "opened": 1}

    run(story)


def test_a_receipt_for_what_somebody_never_had_is_not_believed() -> None:
    async def story() -> None:
        side = Side()
        side.hub.publish(side.card("m"))
        assert not await side.hub.acknowledge("hua", "r1", "m", "clicked")
        assert not await side.hub.acknowledge("ming", "r2", "m", "clicked")
        side.clock.pass_ms(60_000 + ACKED_AFTER_MS - 1)
        side.hub.sweep()
        assert await side.hub.acknowledge("ming", "r1", "m", "clicked"), "a card that just ended"
        side.clock.pass_ms(1)
        side.hub.sweep()
        assert not await side.hub.acknowledge("ming", "r1", "m", "dismissed")
        assert side.hub.statistics().refused == {"unknown_message": 3}

    run(story)


def test_what_was_told_at_different_instants_is_written_together() -> None:
    async def story() -> None:
        side = Side()
        side.hub.publish(side.card("m"))
        told: list[tuple[State, int]] = [("delivered", 0), ("opened", 1_000), ("clicked", 3)]
        for state, later_ms in told:
            side.clock.pass_ms(later_ms)
            assert await side.hub.acknowledge("ming", "r1", "m", state)
        writing = asyncio.create_task(side.desk.keep_writing())
        while len(side.rows) < len(told):
            await turn()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        begun = side.rows[0]["event_time"]
        assert [row["event_time"] - begun for row in side.rows] == [0, 1_000, 1_003]
        assert {row["clock"] for row in side.rows} == {side.clock()}

    run(story)


def test_receipts_of_endless_ids_take_no_endless_memory() -> None:
    async def story() -> None:
        side = Side(limits=HubLimits(acked_viewers=2))
        side.hub.publish(side.card("m", None))
        for viewer in ("?a", "?b"):
            assert await side.hub.acknowledge(viewer, "r1", "m", "delivered")
        assert not await side.hub.acknowledge("?c", "r1", "m", "delivered")
        assert await side.hub.acknowledge("?a", "r1", "m", "clicked"), "who is known goes on"
        assert side.hub.statistics().refused == {"too_many_receipts": 1}

    run(story)


def test_receipts_wait_for_a_log_that_takes_nothing_and_the_last_are_written() -> None:
    async def story() -> None:
        side = Side()
        side.hub.publish(side.card("m"))
        side.is_broken = True
        writing = asyncio.create_task(side.desk.keep_writing())
        await side.hub.acknowledge("ming", "r1", "m", "delivered")
        await turn()
        await side.hub.acknowledge("ming", "r1", "m", "clicked")
        await turn()
        assert side.rows == []
        side.is_broken = False
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        assert [row["type"] for row in side.rows] == ["message_delivered", "message_clicked"]
        assert side.desk.dropped == 0

    run(story)


def test_what_is_on_its_way_to_the_log_at_the_end_is_not_written_twice() -> None:
    async def story() -> None:
        side, is_durable, begun = Side(), asyncio.Event(), asyncio.Event()

        async def slowly(batch: EventBatch) -> None:
            await side.submit(batch)  # taken: whoever stops waiting does not take it back
            begun.set()
            await is_durable.wait()

        desk = ViewersDesk(slowly, side.clock, side.erased)
        writing = asyncio.create_task(desk.keep_writing())
        await desk.note(Receipt("m", "ming", "r1", "delivered", side.clock()))
        await begun.wait()
        await desk.note(Receipt("m", "ming", "r1", "clicked", side.clock()))
        writing.cancel()
        await turn()
        is_durable.set()
        await asyncio.gather(writing, return_exceptions=True)
        assert [row["type"] for row in side.rows] == ["message_delivered", "message_clicked"]

    run(story)


def test_who_wants_no_more_offers_is_in_the_log_before_the_page_is_told() -> None:
    async def story() -> None:
        side = Side()
        page = await side.entered()
        side.hub.publish(side.card("m"))
        page.say({"type": "opt_out", "id": "m"})
        await page.until(lambda heard: heard.frames[-1]["type"] == "opted_out")
        (row,) = side.rows
        assert (row["type"], row["viewer"], row["purpose"]) == (
            "consent_changed",
            "ming",
            MARKETING,
        )
        assert row["granted"] == 0
        assert row.get("channel") is None, "every channel"
        assert side.hub.statistics().queued == 0, "what waited for them is dropped"
        side.is_broken = True
        page.say({"type": "opt_out"})
        heard = await page.ended()
        assert (heard.code, heard.reason) == (4503, "not_durable")

    run(story)


def test_a_page_that_does_not_read_is_dropped_and_comes_back_to_what_it_missed() -> None:
    async def story() -> None:
        side = Side()
        page, other = await side.entered(), await side.entered("hua")
        page.reads.clear()
        for n in range(MAX_WAITING + 2):
            side.hub.publish(side.card(f"m{n}", None))
            await turn()
        await page.ended()
        assert side.hub.statistics().slow == 1
        assert side.hub.statistics().sockets == 1
        last = f"m{MAX_WAITING + 1}"
        await other.until(lambda heard: last in heard.ids())
        page = await side.entered(last=["m16"])
        assert last in (await page.until(lambda heard: last in heard.ids())).ids()
        assert "m16" not in page.heard.ids()

    run(story)


def test_empty_rooms_and_viewers_are_forgotten() -> None:
    async def story() -> None:
        side = Side(limits=HubLimits(kept_viewers=10))
        for n in range(50):
            page = side.open({"anonymous_id": side.anonymous_ids.issue("default"), "room": f"r{n}"})
            await page.until(lambda heard: bool(heard.frames))
            page.go()
            await page.ended()
            side.hub.publish(side.card(f"m{n}", f"v{n}"))
        assert len(side.hub._viewers) <= 10
        side.clock.pass_ms(60_000 + ACKED_AFTER_MS)
        side.hub.sweep()
        assert side.hub._rooms == {}
        assert not side.hub._viewers
        assert not side.hub._lines_of

    run(story)
