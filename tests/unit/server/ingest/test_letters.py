"""Dead letters of posts: what they hold, what they hide, and that a replay counts once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from qianmian.errors import Overloaded
from tests.ingesting import BROWSER, NOW, SERVER, UUID, Ingest, sources, track


def test_a_letter_holds_what_was_rejected_and_nothing_that_was_accepted() -> None:
    ingest = Ingest()
    calls = [track(messageId="good"), track("Nonsense", messageId="bad"), track(event=3)]
    ingest.post("/v1/batch", {"batch": calls, "sentAt": "2026-11-18T11:06:00Z"})
    by_code = {letter.code: letter for letter in ingest.letters.newest()}
    assert by_code.keys() == {"unknown_type", "missing_field"}
    letter = by_code["unknown_type"]
    assert (letter.source, letter.at, letter.events) == ("shop", NOW, 1)
    assert json.loads(letter.body) == {
        "sentAt": "2026-11-18T11:06:00Z",
        "batch": [track("Nonsense", messageId="bad")],
    }


def test_events_with_one_reason_share_a_letter() -> None:
    ingest = Ingest()
    ingest.post("/v1/batch", {"batch": [track("x"), track(), track("y")]})
    assert [letter.events for letter in ingest.letters.newest()] == [2]


def test_a_body_that_cannot_be_read_is_kept_as_it_came_but_for_the_key() -> None:
    ingest = Ingest()
    body = b'{"writeKey":"' + SERVER.encode() + b'","batch":[{"type":'
    ingest.post("/v1/batch", body)
    letter = ingest.letters.newest()[0]
    assert (letter.code, letter.events) == ("bad_json", 0)
    assert letter.body == body.replace(SERVER.encode(), b"[write key]")


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
def test_no_letter_holds_a_write_key(path: str) -> None:
    ingest = Ingest()
    call = track("Nonsense", writeKey=SERVER)
    body = call if path == "/v1/track" else {"batch": [call], "writeKey": SERVER}
    assert ingest.post(path, body, key=None).status == 400
    assert SERVER.encode() not in ingest.letters.newest()[0].body


def test_a_letter_with_broken_utf8_is_still_json() -> None:
    ingest = Ingest()
    ingest.post("/v1/batch", b'{"batch":[{"type":"track","event":"\xff"}]}')
    for letter in ingest.letters.newest():
        json.loads(letter.body)


def test_a_replay_takes_the_time_of_the_letter_and_removes_it() -> None:
    ingest = Ingest()
    call = track("Liked", timestamp="2031-01-01T00:00:00Z")
    del call["userId"]
    ingest.post("/v1/batch", {"batch": [call], "sentAt": "2031-01-01T00:00:02Z"})
    letter = ingest.letters.newest()[0]
    ingest.now += 3_600_000
    assert ingest.replay(letter.id) is not None
    assert ingest.letters.newest()[0].code == "no_viewer", "still none: it stays"
    mended = replace(letter, body=letter.body.replace(b'"type"', b'"userId":"u1","type"'))
    ingest.letters.kept = {9: replace(mended, id=9)}
    assert ingest.replay(9) == (1, [])
    assert ingest.log.rows[0]["event_time"] == NOW - 2_000
    assert ingest.letters.count() == 0
    assert ingest.replay(9) is None, "once"


def test_what_is_still_rejected_stays_and_what_is_accepted_does_not_come_again() -> None:
    keys = sources()
    keys[SERVER] = replace(keys[SERVER], default_room=None)
    ingest = Ingest(keys)
    calls = [track(messageId="a"), track(messageId="b", properties={})]
    ingest.post("/v1/batch", {"batch": calls})
    (no_room,) = [one for one in ingest.letters.newest() if one.code == "no_room"]
    keys[SERVER] = replace(keys[SERVER], default_room="r1")
    ingest.sources.keys = keys
    assert ingest.replay(no_room.id) == (1, [])
    left = ingest.letters.newest()
    assert [one.code for one in left] == ["missing_field"]
    accepted, rejected = ingest.replay(left[0].id) or (None, [])
    assert (accepted, [one.code for one in rejected]) == (0, ["missing_field"])
    assert [one.code for one in ingest.letters.newest()] == ["missing_field"]


def test_a_replay_that_the_log_does_not_take_keeps_the_letter() -> None:
    keys = sources()
    keys[SERVER] = replace(keys[SERVER], default_room=None)
    ingest = Ingest(keys)
    ingest.post("/v1/track", track())
    keys[SERVER] = replace(keys[SERVER], default_room="r1")
    ingest.sources.keys = keys
    ingest.log.failures = [Overloaded()]
    number = ingest.letters.newest()[0].id
    with pytest.raises(Overloaded):
        ingest.replay(number)
    assert ingest.letters.count() == 1
    assert ingest.replay(number) == (1, [])


def test_a_letter_of_a_browser_is_replayed_as_the_viewer_of_its_token() -> None:
    keys = sources()
    keys[BROWSER] = replace(keys[BROWSER], default_room=None)
    ingest = Ingest(keys)
    token = ingest.app.tokens.mint("u7", namespace="default")[0]
    ingest.post("/v1/t", track(userId=None), key=BROWSER, headers={"x-viewer-token": token})
    letter = ingest.letters.newest()[0]
    assert letter.viewer == "u7"
    assert token.encode() not in letter.body
    keys[BROWSER] = replace(keys[BROWSER], default_room="r1")
    ingest.sources.keys = keys
    ingest.now += 3_600_000
    assert ingest.replay(letter.id) == (1, [])
    assert ingest.log.rows[0]["viewer"] == "u7"


def test_nothing_is_replayed_without_its_source() -> None:
    ingest = Ingest()
    ingest.post("/v1/t", track("x", anonymousId=UUID), key=BROWSER)
    number = ingest.letters.newest()[0].id
    del ingest.sources.keys[BROWSER]
    assert ingest.replay(number) is None
    assert ingest.replay(12_345) is None
