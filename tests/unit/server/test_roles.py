"""Every route of `/api` names its permission; each role gets through where the table says.

The routes are those of the application itself; a route without a permission fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from fastapi.routing import APIRoute
from websockets.sync.client import connect
from websockets.typing import Origin

from qianmian.server.api.application import management
from qianmian.server.api.myself import Myself
from qianmian.server.api.roles import (
    ACTIONS_BY_LINK,
    ROLES_BY_ACTION,
    Open,
    Permission,
    actions_of,
)
from qianmian.server.site import Site
from qianmian.storage.sql.accounts import ROLES
from qianmian.storage.sql.api_keys import KEY_ROLES
from qianmian.storage.sql.room_links import LINK_KINDS
from tests.serving import WAIT_S, Served, served
from tools.lints.walk import ROOT

APP = management(cast(Site, SimpleNamespace(version="0")))


def api_routes(routes: list[Any]) -> Iterator[APIRoute]:
    """Every route; newer releases of FastAPI keep the routers that were included."""
    for one in routes:
        if isinstance(one, APIRoute):
            yield one
        else:
            inner = getattr(one, "original_router", None)
            if inner is not None:
                yield from api_routes(inner.routes)


ROUTES = list(api_routes(APP.routes))
PASSWORD = "correct horse"


def path_of(route: APIRoute) -> str:
    """Below `/api`."""
    return route.path.removeprefix("/api") if route.path.startswith("/api/") else route.path


def declared(route: APIRoute) -> list[Permission | Open | Myself]:
    """What the dependencies of a route say about who may."""
    found: list[Permission | Open | Myself] = []
    waiting = [route.dependant]
    while waiting:
        one = waiting.pop()
        if isinstance(one.call, Permission | Open | Myself):
            found.append(one.call)
        waiting += one.dependencies
    return found


def methods_of(route: APIRoute) -> list[str]:
    return sorted(route.methods or ())


def name_of(route: APIRoute) -> str:
    return f"{methods_of(route)} {route.path}"


def test_the_routes_are_those_of_the_document() -> None:
    told = {
        (method.upper(), path.removeprefix("/api"))
        for path, methods in APP.openapi()["paths"].items()
        for method in methods
    }
    found = {
        (method, path_of(route).replace(":path", ""))
        for route in ROUTES
        for method in methods_of(route)
    }
    assert len(told) > 25
    assert found == told


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_every_route_says_who_may(route: APIRoute) -> None:
    said = declared(route)
    assert len(said) == 1, "one permission, or one reason why there is none"
    if isinstance(said[0], Open):
        assert said[0].why
        assert re.fullmatch(r"/(session|first-account|invitation|join|link)", path_of(route))
    is_of_viewer = path_of(route) == "/me" or path_of(route).startswith("/me/")
    assert isinstance(said[0], Myself) is is_of_viewer


def test_every_action_is_of_some_route_and_some_role() -> None:
    used = {
        one.action for route in ROUTES for one in declared(route) if isinstance(one, Permission)
    }
    assert used == set(ROLES_BY_ACTION)
    for action, roles in ROLES_BY_ACTION.items():
        assert "owner" in roles, action
        assert roles <= set(ROLES), action


def test_a_link_has_a_role_of_its_own_and_leads_to_one_room() -> None:
    assert set(ACTIONS_BY_LINK) == {f"{kind}_link" for kind in LINK_KINDS}
    assert not set(ACTIONS_BY_LINK) & set(ROLES)
    of_links = set().union(*ACTIONS_BY_LINK.values())
    assert of_links <= set(ROLES_BY_ACTION)
    asked = [
        path_of(route)
        for route in ROUTES
        for one in declared(route)
        if isinstance(one, Permission) and one.action in of_links
    ]
    assert len(asked) == 3
    assert all("{room}" in path for path in asked)


def test_the_page_shows_the_table_as_it_is() -> None:
    for page in ("docs/server.md", "docs/zh/server.md"):
        text = (ROOT / page).read_text("utf-8")
        cells = r"^\| `([a-z_]+\.[a-z]+)` \| ([^|]*`owner`[^|]*) \|"
        rows = dict(re.findall(cells, text, re.MULTILINE))
        assert set(rows) == set(ROLES_BY_ACTION), page
        for action, cell in rows.items():
            wanted = [role for role in ROLES if role in ROLES_BY_ACTION[action]]
            assert re.findall(r"`(\w+)`", cell) == wanted, f"{page}: {action}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def clients(server: Served) -> Iterator[dict[str, httpx.Client]]:
    """A signed-in browser of each role, and one of nobody."""
    made: dict[str, httpx.Client] = {}
    for role in (*ROLES, "nobody"):
        client = httpx.Client(base_url=server.url, timeout=WAIT_S)
        made[role] = client
        if role == "nobody":
            continue
        token, path = server.first_token, "/api/first-account"
        if role != "owner":
            link = made["owner"].post("/api/accounts/invitations", json={"role": role})
            assert link.status_code == 201, link.text
            token, path = link.json()["token"], "/api/join"
        given = {"token": token, "name": role, "password": PASSWORD}
        answer = client.post(path, json=given)
        assert answer.status_code == 200, answer.text
        assert answer.json()["account"]["may"] == actions_of(role)
        client.headers["x-csrf-token"] = answer.json()["csrf"]
    yield made
    for client in made.values():
        client.close()


GUARDED = [
    (method, route)
    for route in ROUTES
    for method in methods_of(route)
    if isinstance(declared(route)[0], Permission)
    and "session.end" not in repr(vars(declared(route)[0]))
]


@pytest.mark.parametrize(
    ("method", "route"), GUARDED, ids=[f"{method} {route.path}" for method, route in GUARDED]
)
def test_each_role_gets_through_where_the_table_says_and_nowhere_else(
    clients: dict[str, httpx.Client], method: str, route: APIRoute
) -> None:
    (said,) = declared(route)
    assert isinstance(said, Permission)
    path = "/api" + re.sub(r"{[^}]*}", "0", path_of(route))
    for role, client in clients.items():
        # What is sent makes no sense to any route, so nothing is changed by those who may.
        answer = client.request(method, path, content=b"\x00", headers={"content-type": "x/y"})
        is_problem = "problem" in answer.headers["content-type"]
        code = answer.json()["code"] if is_problem else None
        if role == "nobody":
            assert (answer.status_code, code) == (401, "session.none")
        elif role in ROLES_BY_ACTION[said.action]:
            assert answer.status_code not in (401, 403), f"{role}: {answer.text}"
            assert answer.status_code < 500, answer.text
        else:
            assert (answer.status_code, code) == (403, "session.role"), f"{role}: {answer.text}"


OF_VIEWERS = [
    (method, route)
    for route in ROUTES
    for method in methods_of(route)
    if isinstance(declared(route)[0], Myself)
]


@pytest.mark.parametrize(
    ("method", "route"), OF_VIEWERS, ids=[f"{method} {route.path}" for method, route in OF_VIEWERS]
)
def test_what_is_a_viewer_s_own_is_open_to_no_role_and_no_key(
    clients: dict[str, httpx.Client], method: str, route: APIRoute
) -> None:
    path = "/api" + re.sub(r"{[^}]*}", "0", path_of(route))
    for role, client in clients.items():
        answer = client.request(method, path, json={})
        assert (answer.status_code, answer.json()["code"]) == (401, "viewer.token"), role
    headers = {"authorization": "Bearer qmm_x_y"}
    assert clients["nobody"].request(method, path, headers=headers).status_code == 401


@pytest.mark.parametrize("role", KEY_ROLES)
def test_a_key_may_what_its_role_may_and_needs_no_csrf(
    server: Served, clients: dict[str, httpx.Client], role: str
) -> None:
    made = clients["owner"].post("/api/api-keys", json={"name": "ERP", "role": role})
    assert made.status_code == 201, made.text
    secret = made.json()["secret"]
    with httpx.Client(base_url=server.url, timeout=WAIT_S) as client:
        client.headers["authorization"] = f"Bearer {secret}"
        assert client.get("/api/products").status_code == 200
        wrote = client.put("/api/products/k1", json={"title": "x"})
        may_write = role in ROLES_BY_ACTION["products.write"]
        assert wrote.status_code == (200 if may_write else 403), wrote.text
        assert client.post("/api/api-keys", json={"name": "x", "role": role}).status_code == 403
        key_id = made.json()["key"]["id"]
        assert clients["owner"].delete(f"/api/api-keys/{key_id}").status_code == 204
        answer = client.get("/api/products")
        assert (answer.status_code, answer.json()["code"]) == (401, "session.key")
    assert secret not in clients["owner"].get("/api/api-keys").text


def test_a_wrong_key_is_no_way_round_the_session(clients: dict[str, httpx.Client]) -> None:
    headers = {"authorization": "Bearer qmm_x_y"}
    assert clients["owner"].get("/api/products", headers=headers).status_code == 401
    headers = {"authorization": "Basic eDp5"}
    assert clients["owner"].get("/api/products", headers=headers).status_code == 200


def test_the_socket_is_for_those_who_may_read_rooms(
    server: Served, clients: dict[str, httpx.Client]
) -> None:
    url = server.url.replace("http", "ws") + "/ws"
    for role, may in (("reader", True), ("host", False)):
        cookie = f"qianmian_session={clients[role].cookies['qianmian_session']}"
        opened = connect(url, origin=Origin(server.url), additional_headers={"cookie": cookie})
        with opened as socket:
            if may:
                socket.send('{"op": "subscribe", "topic": "room:r1"}')
                assert socket.recv(WAIT_S)
            else:
                with pytest.raises(Exception, match="4401"):
                    socket.recv(WAIT_S)
