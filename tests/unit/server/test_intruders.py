"""Who must not get into the console is refused, told nothing, and counted: a table.

Pages of viewers have theirs in `viewers/test_socket.py`.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi.routing import APIRoute
from websockets.sync.client import connect
from websockets.typing import Origin

from qianmian.server.api.roles import ACTIONS_BY_LINK, Permission
from qianmian.server.viewer_tokens import ViewerTokens
from qianmian.storage.sql.accounts import csrf_of
from qianmian.storage.sql.audit import SYSTEM
from qianmian.storage.sql.room_links import LinkKind
from tests.serving import WAIT_S, Served, now_ms, served
from tests.unit.server.test_roles import ROUTES, declared, methods_of, path_of

EVIL = "https://evil.example"


@dataclass
class Shop:
    server: Served
    cookie: str
    """Of an owner who is signed in."""
    old: str
    """Of a session that was ended."""
    revoked: str
    """A key that was revoked."""

    def token(self, secret: bytes | None = None) -> str:
        tokens = ViewerTokens(secret or self.server.home.secret, now_ms)
        return tokens.mint("ming", namespace="default", room="r1")[0]

    def link(self, kind: LinkKind = "host", room: str = "r1") -> str:
        """The secret of a new link."""
        return self.server.home.room_links.create(room, kind, by=SYSTEM)[1]

    def refused(self) -> dict[str, int]:
        return dict(self.server.site.refused)


def signed_in(client: httpx.Client, **given: str) -> str:
    answer = client.post("/api/session", json=given)
    answer.raise_for_status()
    client.headers["x-csrf-token"] = answer.json()["csrf"]
    return client.cookies["qianmian_session"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with (
        served(tmp_path_factory.mktemp("home")) as server,
        httpx.Client(base_url=server.url, timeout=WAIT_S) as owner,
        httpx.Client(base_url=server.url, timeout=WAIT_S) as other,
    ):
        first = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        owner.headers["x-csrf-token"] = owner.post("/api/first-account", json=first).json()["csrf"]
        cookie = owner.cookies["qianmian_session"]
        old = signed_in(other, name="老板", password="correct horse")
        assert other.delete("/api/session").status_code == 204
        keys = owner.post("/api/api-keys", json={"name": "x", "role": "lead"}).json()
        name = keys["key"]["id"]
        assert owner.delete(f"/api/api-keys/{name}").status_code == 204
        yield Shop(server, cookie, old, keys["secret"])


SOCKETS: dict[str, tuple[Callable[[Shop], dict[str, str]], str, str]] = {
    "a page of another site with a good cookie": (
        lambda shop: {"cookie": f"qianmian_session={shop.cookie}", "origin": EVIL},
        "4403",
        "session.origin",
    ),
    "a page without a name with a good cookie": (
        lambda shop: {"cookie": f"qianmian_session={shop.cookie}", "origin": "null"},
        "4403",
        "session.origin",
    ),
    "nobody": (lambda _: {}, "4401", "session.none"),
    "a forged cookie": (
        lambda _: {"cookie": f"qianmian_session={'x' * 43}"},
        "4401",
        "session.none",
    ),
    "a session that was ended": (
        lambda shop: {"cookie": f"qianmian_session={shop.old}"},
        "4401",
        "session.none",
    ),
    "a viewer's token": (
        lambda shop: {"cookie": f"qianmian_session={shop.token()}"},
        "4401",
        "session.none",
    ),
    "a key of a program": (
        lambda shop: {"authorization": f"Bearer {shop.server.key}"},
        "4401",
        "session.none",
    ),
}


@pytest.mark.parametrize("who", SOCKETS)
def test_the_socket_of_the_console_is_for_who_is_signed_in_on_our_own_page(
    shop: Shop, who: str
) -> None:
    headers_of, closed, reason = SOCKETS[who]
    headers, before = headers_of(shop), shop.refused().get(reason, 0)
    origin = Origin(headers.pop("origin", shop.server.url))
    url = shop.server.url.replace("http", "ws") + "/ws"
    with (
        connect(url, origin=origin, additional_headers=headers) as socket,
        pytest.raises(Exception, match=closed),
    ):
        socket.recv(WAIT_S)
    assert shop.refused()[reason] == before + 1


CALLS: dict[str, tuple[Callable[[Shop], dict[str, str]], int, str]] = {
    "nobody": (lambda _: {}, 401, "session.none"),
    "a forged key": (lambda _: {"authorization": "Bearer " + "x" * 43}, 401, "session.key"),
    "a revoked key": (
        lambda shop: {"authorization": f"Bearer {shop.revoked}"},
        401,
        "session.key",
    ),
    "a write key of events": (
        lambda shop: {"authorization": f"Bearer {shop.server.key}"},
        401,
        "session.key",
    ),
    "a viewer's token": (
        lambda shop: {"authorization": f"Bearer {shop.token()}"},
        401,
        "session.key",
    ),
    "a forged viewer's token": (
        lambda shop: {"authorization": f"Bearer {shop.token(b'o' * 32)}"},
        401,
        "session.key",
    ),
    "a session that was ended": (
        lambda shop: {"cookie": f"qianmian_session={shop.old}"},
        401,
        "session.none",
    ),
    "a page that has the cookie alone": (
        lambda shop: {"cookie": f"qianmian_session={shop.cookie}"},
        403,
        "session.csrf",
    ),
    "a page that guesses": (
        lambda shop: {"cookie": f"qianmian_session={shop.cookie}", "x-csrf-token": "guess"},
        403,
        "session.csrf",
    ),
}


@pytest.mark.parametrize("who", CALLS)
def test_nobody_else_turns_the_red_switch(shop: Shop, who: str) -> None:
    headers_of, status, code = CALLS[who]
    before = shop.refused().get(code, 0)
    given = {"is_stopped": True}
    answer = httpx.put(
        f"{shop.server.url}/api/switch", json=given, headers=headers_of(shop), timeout=WAIT_S
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert shop.refused()[code] == before + 1
    metrics = httpx.get(f"{shop.server.url}/metrics", timeout=WAIT_S).text
    assert f'qianmian_console_refused_total{{reason="{code}"}} {float(before + 1)}' in metrics


def of_link(kind: str, secret: str) -> dict[str, str]:
    """What the page of a link sends."""
    cookie = f"qianmian_{kind}_link={secret}"
    return {"cookie": cookie, "x-csrf-token": csrf_of(secret), "content-type": "x/y"}


def asked_by_link(
    shop: Shop, client: httpx.Client, role: str, headers: dict[str, str], route: APIRoute, way: str
) -> None:
    """One route of the table, in the room of the link and in another one."""
    (said,) = declared(route)
    for room in ("r1", "r2"):
        path = "/api" + re.sub(r"{[^}]*}", "0", path_of(route).replace("{room}", room))
        before = shop.refused()
        # What is sent makes no sense to any route, so nothing is changed.
        answer = client.request(way, path, content=b"\x00", headers=headers)
        where = f"{way} {path}: {answer.text}"
        is_problem = "problem" in answer.headers.get("content-type", "")
        code = answer.json()["code"] if is_problem else ""
        if not isinstance(said, Permission):  # open to nobody in particular, or a viewer's own
            is_own = path.startswith("/api/me")
            assert (answer.status_code == 401) if is_own else "cookie" not in answer.text, where
            assert "set-cookie" not in answer.headers, where
        elif said.action in ACTIONS_BY_LINK[role] and room == "r1":
            assert answer.status_code not in (401, 403), where
        else:
            is_may = said.action in ACTIONS_BY_LINK[role]
            wanted = "session.room" if is_may else "session.role"
            assert (answer.status_code, code) == (403, wanted), where
            assert shop.refused()[wanted] == before.get(wanted, 0) + 1, where


@pytest.mark.parametrize("kind", ["host", "overlay"])
def test_a_link_opens_its_page_of_its_room_and_no_other_route(
    shop: Shop, kind: LinkKind, caplog: pytest.LogCaptureFixture
) -> None:
    secret = shop.link(kind)
    headers, role = of_link(kind, secret), f"{kind}_link"
    asked = [(route, way) for route in ROUTES for way in methods_of(route)]
    assert len(asked) > 100
    with httpx.Client(base_url=shop.server.url, timeout=WAIT_S) as client:
        for route, way in asked:
            asked_by_link(shop, client, role, headers, route, way)
        assert client.get("/api/session", headers=headers).json()["account"] is None
    tried = [one.getMessage() for one in caplog.records if role in one.getMessage()]
    assert any("tried for room_links.write" in one for one in tried)
    assert any(f"'r1' was tried for {min(ACTIONS_BY_LINK[role])}" in one for one in tried)
    assert not any(secret.split("_", 2)[2] in one for one in caplog.messages)


def test_a_link_is_no_key_no_session_and_no_token_of_a_viewer(shop: Shop) -> None:
    secret, url = shop.link(), shop.server.url
    for headers, code in (
        ({"authorization": f"Bearer {secret}"}, "session.key"),
        ({"cookie": f"qianmian_session={secret}"}, "session.none"),
        ({"cookie": f"qianmian_overlay_link={secret}"}, "session.link"),
        ({"cookie": f"qianmian_host_link={secret}", "x-qianmian-link": "?"}, "session.none"),
    ):
        before = shop.refused().get(code, 0)
        answer = httpx.get(f"{url}/api/rooms/r1/prompts", headers=headers, timeout=WAIT_S)
        assert (answer.status_code, answer.json()["code"]) == (401, code), headers
        assert shop.refused()[code] == before + 1
    basic = base64.b64encode(f"{secret}:".encode()).decode()
    event = {"events": [{"type": "liked", "viewer": "v1"}]}
    headers = {"authorization": f"Basic {basic}"}
    sent = httpx.post(f"{url}/v1/events", json=event, headers=headers, timeout=WAIT_S)
    assert sent.status_code == 401
    before = shop.refused().get("session.none", 0)
    cookie = {"cookie": f"qianmian_host_link={secret}"}
    with (
        connect(
            url.replace("http", "ws") + "/ws", origin=Origin(url), additional_headers=cookie
        ) as socket,
        pytest.raises(Exception, match="4401"),
    ):
        socket.recv(WAIT_S)
    assert shop.refused()["session.none"] == before + 1
    with connect(url.replace("http", "ws") + "/live", additional_headers=cookie) as socket:
        socket.send(json.dumps({"type": "hello", "v": 1, "token": secret, "room": "r1"}))
        with pytest.raises(Exception, match="4401"):
            list(socket)


LINKS: dict[str, Callable[[Shop], dict[str, str]]] = {
    "a forged one": lambda _: of_link("host", "qml_aaaaaaaa_" + "x" * 43),
    "one whose last character is another": lambda shop: of_link("host", shop.link()[:-1] + "!"),
    "the overlay as the host": lambda shop: of_link("host", shop.link("overlay")),
}


@pytest.mark.parametrize("who", LINKS)
def test_what_is_no_link_answers_no_card(shop: Shop, who: str) -> None:
    before = shop.refused().get("session.link", 0)
    answer = httpx.post(
        f"{shop.server.url}/api/rooms/r1/prompts/d1",
        json={"answer": "said"},
        headers=LINKS[who](shop) | {"content-type": "application/json"},
        timeout=WAIT_S,
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "session.link")
    assert shop.refused()["session.link"] == before + 1


def test_a_link_is_made_opened_used_and_revoked(shop: Shop) -> None:
    """Through the API, as pages do it; the cookie is nobody's to read, and every step is told."""
    session = {"cookie": f"qianmian_session={shop.cookie}", "x-csrf-token": csrf_of(shop.cookie)}
    floor = httpx.Client(base_url=f"{shop.server.url}/api", headers=session, timeout=WAIT_S)
    page = httpx.Client(base_url=f"{shop.server.url}/api", timeout=WAIT_S)
    with floor, page:
        made = floor.post("/rooms/r9/links", json={"kind": "host"})
        assert made.status_code == 201, made.text
        secret, link = made.json()["secret"], made.json()["link"]
        assert link["expires_at"] - link["created_at"] == 24 * 3_600_000
        assert floor.get("/rooms/r9/links").json() == [link]
        evil = page.post("/link", json={"token": secret}, headers={"origin": EVIL})
        assert (evil.status_code, evil.json()["code"]) == (403, "session.origin")
        opened = page.post("/link", json={"token": secret})
        cookie = opened.headers["set-cookie"]
        assert all(one in cookie for one in ("HttpOnly", "SameSite=strict", "Path=/api"))
        assert (opened.json()["kind"], opened.json()["room"]) == ("host", "r9")
        assert page.get("/link").json() == opened.json()
        assert page.get("/rooms/r9/prompts").json()["prompts"] == []
        asked = {"answer": "said"}
        no_word = page.post("/rooms/r9/prompts/d1", json=asked)
        assert (no_word.status_code, no_word.json()["code"]) == (403, "session.csrf")
        page.headers["x-csrf-token"] = opened.json()["csrf"]
        assert "not open" in page.post("/rooms/r9/prompts/d1", json=asked).json()["detail"]
        assert floor.delete(f"/rooms/r1/links/{link['id']}").json()["code"] == "room_link.unknown"
        assert floor.delete(f"/rooms/r9/links/{link['id']}").status_code == 204
        for answer in (
            page.get("/rooms/r9/prompts"),
            page.get("/link"),
            page.post("/link", json={"token": secret}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (401, "session.link")
        told = [one for one in floor.get("/audit").json()["items"] if one["subject"] == link["id"]]
        steps = [(one["action"], one["actor"]["kind"]) for one in told]
        assert steps == [
            ("room_link.revoked", "account"),
            ("room_link.opened", "link"),
            ("room_link.created", "account"),
        ]
        assert secret.split("_", 2)[2] not in json.dumps(told)
