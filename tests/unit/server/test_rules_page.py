"""The public rules of offers: shown as they were written, to everybody; nothing of them runs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from qianmian.server.rules_page import POLICY, RULES_PATH, rules_page
from qianmian.vocabulary.offer import Offer

HOSTILE = Offer(
    "ten_off",
    "<img src=x onerror=alert(1)>",
    rules='</p><script>alert("1")</script>\n每人一张',
    valid_until=1_790_000_000_000,
)


def asked(
    path: str, *, method: str = "GET", language: str = ""
) -> tuple[int, dict[bytes, bytes], str]:
    headers = [(b"accept-language", language.encode())] if language else []
    sent: list[Any] = []

    async def send(event: Any) -> None:
        sent.append(event)

    async def receive() -> Any:
        raise AssertionError("nothing is read of the request")

    page = rules_page(lambda: [HOSTILE], "Asia/Shanghai")
    scope = {"type": "http", "path": path, "method": method, "headers": headers}

    async def ask() -> None:
        await page(scope, receive, send)

    asyncio.run(ask())
    start, body = sent
    return start["status"], dict(start["headers"]), body["body"].decode()


def test_what_the_shop_wrote_is_shown_and_not_run() -> None:
    status, headers, text = asked(f"{RULES_PATH}ten_off")
    assert status == 200
    assert headers[b"content-security-policy"] == POLICY
    assert "<script" not in text
    assert "<img" not in text
    assert "&lt;script&gt;" in text
    assert "每人一张" in text
    assert "截止：2026-09-21 22:13" in text


@pytest.mark.parametrize(
    ("language", "says"), [("en-GB,en", "Until"), ("zh", "截止"), ("", "截止")]
)
def test_in_the_language_of_the_browser(language: str, says: str) -> None:
    assert says in asked(f"{RULES_PATH}ten_off", language=language)[2]


@pytest.mark.parametrize("path", ["none", "", "../secret", "%3Cscript%3E", "<script>"])
def test_what_there_is_not_is_said_and_not_repeated(path: str) -> None:
    status, _, text = asked(f"{RULES_PATH}{path}")
    assert status == 404
    assert "<script" not in text


def test_nothing_can_be_sent() -> None:
    assert asked(f"{RULES_PATH}ten_off", method="POST")[0] == 405
    assert asked(f"{RULES_PATH}ten_off", method="HEAD")[2] == ""
