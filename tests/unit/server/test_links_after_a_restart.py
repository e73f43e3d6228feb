"""A server knows after a restart who has been linked, and does not link again."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx

from qianmian.runtime.messages import Events
from qianmian.storage.segment_reader import SegmentReader
from qianmian.vocabulary.events import CODE_BY_NAME
from tests.serving import WAIT_S, Served, served

CALL = {"userId": "member-7", "anonymousId": "0b9d4c1e-3f0a-4b7e-9a55-6d2f0f6f2f11"}


def identify(server: Served, level: int) -> None:
    basic = base64.b64encode(f"{server.key}:".encode()).decode()
    body = CALL | {"traits": {"level": level}, "messageId": f"m{level}"}
    headers = {"authorization": f"Basic {basic}"}
    answer = httpx.post(f"{server.url}/v1/identify", json=body, headers=headers, timeout=WAIT_S)
    assert answer.json()["accepted"] == 1


def test_who_was_linked_before_is_not_linked_again(tmp_path: Path) -> None:
    for level in (1, 2):
        with served(tmp_path) as server:
            identify(server, level)
    kinds = [
        kind
        for message in SegmentReader(tmp_path / "log").read(0)
        if isinstance(message.body, Events)
        for kind in message.body.batch.type.tolist()
    ]
    assert kinds.count(CODE_BY_NAME["identity_linked"]) == 1
    assert kinds.count(CODE_BY_NAME["profile_updated"]) == 2
