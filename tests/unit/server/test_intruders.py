"""Who must not get into the console is refused, told nothing, and counted: a table.

Pages of viewers have theirs in `viewers/test_socket.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from websockets.sync.client import connect
from websockets.typing import Origin

from qianmian.server.viewer_tokens import ViewerTokens
from tests.serving import WAIT_S, Served, now_ms, served

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
