"""Every event type by every class of key, and whose event a browser may send (SEMANTICS)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jwt
import pytest

from qianmian.errors import InputError
from qianmian.server.viewer_tokens import AnonymousIds, ViewerTokens
from qianmian.vocabulary.events import CATALOG, LINKING, SENDERS, EventType
from tests.ingesting import BROWSER, CONNECTOR, NOW, SERVER, UUID, Ingest, sources, track

KEY_BY_CLASS = {"browser": BROWSER, "server": SERVER, "connector": CONNECTOR}
VALUE_BY_FIELD: dict[str, Any] = {
    "traits": {"vip": True},
    "granted": True,
    "price": 100,
    "amount": 100,
    "stock": 3,
    "starts_at": NOW,
}

# SEMANTICS, "who may send what", written once more by hand: orders of a browser are hints.
NOT_BY_BROWSERS = {
    *("coupon_redeemed", "complaint_made", *LINKING),
    *("profile_updated", "consent_changed"),
    *("message_delivered", "message_opened", "message_clicked", "message_dismissed"),
    *("session_scheduled", "session_started", "session_ended"),
    *("product_presented", "product_withdrawn", "promo_started", "promo_ended"),
    *("price_changed", "stock_changed", "host_spoke"),
    "erased",
}


def event_of(kind: EventType) -> dict[str, Any]:
    """A whole event of this type."""
    needed = {f.name: VALUE_BY_FIELD.get(f.name, "x") for f in kind.fields if f.required}
    event = {"type": kind.name, "message_id": "m", "anonymous_id": UUID} | needed
    if kind.name in LINKING:
        event["viewer"] = "u1"
    return event


@pytest.mark.parametrize("key_class", SENDERS)
@pytest.mark.parametrize("kind", CATALOG, ids=lambda kind: kind.name)
def test_a_class_may_send_what_the_table_says_and_nothing_else(
    kind: EventType, key_class: str
) -> None:
    ingest = Ingest()
    reply = ingest.post("/v1/events", [event_of(kind)], key=KEY_BY_CLASS[key_class])
    may = kind.name != "erased" and not (key_class == "browser" and kind.name in NOT_BY_BROWSERS)
    if may:
        assert reply.body["accepted"] == 1, reply.body
        assert ingest.log.rows[0]["type"] == kind.name
    else:
        assert [one["code"] for one in reply.body["rejected"]] == ["not_allowed"]
        assert not ingest.log.batches


@pytest.mark.parametrize("kind", ["order_created", "order_paid", "order_cancelled"])
def test_an_order_of_a_browser_is_a_hint(kind: str) -> None:
    event = {"type": kind, "order_id": "o1", "anonymous_id": UUID, "amount": 1_000}
    ingest = Ingest()
    for key in KEY_BY_CLASS.values():
        ingest.post("/v1/events", [event | {"verified": 1}], key=key)
        ingest.post("/v1/events", [event], key=key)
    assert [(row["source"], row["verified"]) for row in ingest.log.rows] == [
        ("site", 0),
        ("shop", 1),
        ("platform", 1),
    ], "a sender cannot verify itself: the field is unknown"


# -- whose event it is


def liked(**more: Any) -> dict[str, Any]:
    return {"type": "liked"} | more


def test_a_user_id_from_a_browser_is_not_believed() -> None:
    ingest = Ingest()
    ingest.post("/v1/t", track(anonymousId=UUID, userId="vip"), key=BROWSER)
    ingest.post("/v1/events", [liked(viewer="vip", anonymous_id=UUID)], key=BROWSER)
    assert [row["viewer"] for row in ingest.log.rows] == [f"?{UUID}"] * 2
    alone = ingest.post("/v1/events", [liked(viewer="vip")], key=BROWSER)
    assert alone.body["rejected"][0]["code"] == "no_viewer"


def test_other_classes_are_believed() -> None:
    ingest = Ingest()
    for key in (SERVER, CONNECTOR):
        ingest.post("/v1/events", [liked(viewer="vip", anonymous_id="a1")], key=key)
    assert [row["viewer"] for row in ingest.log.rows] == ["vip", "vip"]


def test_a_token_says_whose_event_it_is() -> None:
    ingest = Ingest()
    token = ingest.app.tokens.mint("u7", namespace="default")[0]
    places: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({"x-viewer-token": token}, {}),
        ({}, {"viewerToken": token}),
        ({}, {"viewer_token": token}),
    ]
    for headers, more in places:
        body = {"batch": [track(userId=None, anonymousId=UUID)]} | more
        assert ingest.post("/v1/b", body, key=BROWSER, headers=headers).status == 200
    assert [row["viewer"] for row in ingest.log.rows] == ["u7"] * 3


def test_a_token_is_no_word_for_another_viewer_or_room() -> None:
    ingest = Ingest()
    token = ingest.app.tokens.mint("u7", namespace="default", room="r1")[0]
    events = [liked(viewer="u8"), liked(room="r2"), liked(room="r1"), liked(viewer="u7")]
    reply = ingest.post(
        "/v1/events", {"events": events}, key=BROWSER, headers={"x-viewer-token": token}
    )
    told = [(one["index"], one["code"]) for one in reply.body["rejected"]]
    assert told == [(0, "not_allowed"), (1, "not_allowed")]
    assert [(row["viewer"], row["room"]) for row in ingest.log.rows] == [("u7", "r1")] * 2


def test_a_token_that_is_not_ours_refuses_the_post() -> None:
    ingest = Ingest()
    good = ingest.app.tokens.mint("u7", namespace="default")[0]
    bad = {
        "of another namespace": ingest.app.tokens.mint("u7", namespace="other")[0],
        "of another deployment": ViewerTokens(b"x" * 32, lambda: NOW).mint(
            "u7", namespace="default"
        )[0],
        "changed": good[:-4] + "AAAA",
        "without a signature": jwt.encode({"viewer": "u7"}, "", algorithm="none"),
        "no token": "x",
        "long": "x" * 5_000,
    }
    for name, token in bad.items():
        reply = ingest.post("/v1/t", track(), key=BROWSER, headers={"x-viewer-token": token})
        assert (reply.status, reply.body["code"]) == (401, "bad_viewer_token"), name
    ingest.now += 15 * 60_000 + 5_000
    late = ingest.post("/v1/t", track(), key=BROWSER, headers={"x-viewer-token": good})
    assert late.status == 401, "expired"
    assert not ingest.log.batches


def test_a_token_minted_in_the_future_or_for_too_long_is_not_believed() -> None:
    ingest = Ingest()
    key = ingest.app.tokens._key
    now = NOW // 1_000
    claims = {"aud": "qianmian-viewer", "namespace": "default", "viewer": "u7"}
    for name, times, status in (
        ("fine", {"iat": now, "exp": now + 900}, 200),
        ("too long", {"iat": now, "exp": now + 901}, 401),
        ("backwards", {"iat": now, "exp": now}, 401),
        ("from tomorrow", {"iat": now + 86_400, "exp": now + 87_000}, 401),
        ("no times", {}, 401),
        ("another audience", {"iat": now, "exp": now + 900, "aud": "other"}, 401),
    ):
        token = jwt.encode(claims | times, key, algorithm="HS256")
        body = track(userId=None)
        reply = ingest.post("/v1/t", body, key=BROWSER, headers={"x-viewer-token": token})
        assert reply.status == status, name


def test_only_a_server_key_mints_tokens() -> None:
    ingest = Ingest()
    asked = {"viewer": "u7", "room": "r1", "ttl_ms": 60_000}
    reply = ingest.post("/v1/viewer-tokens", asked)
    assert (reply.status, reply.body["expires_at"]) == (200, NOW + 60_000)
    claims = ingest.app.tokens.read(reply.body["token"])
    assert claims is not None
    assert (claims.viewer, claims.room, claims.namespace) == ("u7", "r1", "default")
    for key in (BROWSER, CONNECTOR):
        refused = ingest.post("/v1/viewer-tokens", asked, key=key)
        assert (refused.status, refused.body["code"]) == (403, "wrong_class")


@pytest.mark.parametrize(
    "asked",
    [{}, {"viewer": ""}, {"viewer": "?a"}, {"viewer": "u", "ttl_ms": 900_001}, [], {"viewer": 1}],
    ids=repr,
)
def test_a_request_for_a_token_that_cannot_be_is_refused(asked: object) -> None:
    assert Ingest().post("/v1/viewer-tokens", asked).status == 400


# -- anonymous ids


def test_an_issued_anonymous_id_is_known_again_and_no_other() -> None:
    keys = sources()
    keys[BROWSER] = replace(keys[BROWSER], accept_own_anonymous_ids=False)
    ingest = Ingest(keys)
    issued = ingest.post("/v1/anonymous", {}, key=BROWSER).body["anonymous_id"]
    assert ingest.post("/v1/t", track(anonymousId=issued), key=BROWSER).status == 200
    assert ingest.log.rows[0]["viewer"] == f"?{issued}"
    elsewhere = AnonymousIds(b"x" * 32).issue("default")
    other_namespace = ingest.app.anonymous_ids.issue("other")
    for other in (UUID, elsewhere, other_namespace, issued[:-1] + "!", "qa1.", "qa1.x.y", "qa1.ü"):
        reply = ingest.post("/v1/t", track(anonymousId=other), key=BROWSER)
        assert reply.body["rejected"][0]["code"] == "not_issued", other


def test_an_own_anonymous_id_must_be_long_enough_to_be_nobody_elses() -> None:
    ingest = Ingest()
    for name in ("1", "x" * 15):
        reply = ingest.post("/v1/t", track(anonymousId=name), key=BROWSER)
        assert reply.body["rejected"][0]["code"] == "not_issued"
    assert ingest.post("/v1/t", track(anonymousId=UUID), key=BROWSER).status == 200


def test_a_browser_names_no_session() -> None:
    ingest = Ingest()
    for key in (BROWSER, SERVER):
        ingest.post("/v1/events", [liked(anonymous_id=UUID, session="s1")], key=key)
    assert [row.get("session") for row in ingest.log.rows] == [None, "s1"]


@pytest.mark.parametrize("secret", [b"", b"x" * 31])
def test_a_short_secret_is_refused(secret: bytes) -> None:
    with pytest.raises(InputError, match="it must have 32"):
        ViewerTokens(secret, lambda: NOW)
