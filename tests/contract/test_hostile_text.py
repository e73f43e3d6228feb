"""Hostile strings in every text field that the API's document names, and sizes beyond all sense.

Every answer says what is wrong in the form of all others; nothing is a fault of ours, nothing is
carried out, and afterward the server is what it was.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest

from qianmian.locales.texts import document
from tests.contract.test_api_asked import LAST
from tests.serving import WAIT_S, Served, served

HOSTILE = {
    "nul": "a\x00b",
    "bidi": "\u202egnp.exe\u2066\u200b",
    "surrogate": "x\ud800",
    "sql": "'); DROP TABLE accounts; --\" OR 1=1",
    "template": "{{7*191}}${7*191}#{7*191}<%= 7*191 %>{0.__class__.__mro__}%s%n",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "html": "<img src=x onerror=alert(1)><script>alert(1)</script>",
    "path": "../../../../etc/passwd",
    "line": "a\r\nset-cookie: x=1\n",
    "combining": "e" + "\u0301" * 500,
}
LARGE = "漢" * (1 << 20)
EVALUATED = "1337"
SPARED = {"/api/session", "/api/first-account", "/api/join", "/api/invitation"}
"""They end or begin a session, and may be asked only so often."""

Path = tuple[str | int, ...]


class Walk:
    """The operations of the document, each with a body that has its form."""

    def __init__(self, api: dict[str, Any]) -> None:
        self.api = api

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, ways in self.api["paths"].items():
            if path not in SPARED and path not in LAST:
                for method, operation in ways.items():
                    yield method.upper(), path, operation

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.api["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for kind in ("anyOf", "oneOf"):
            if kind in schema:
                real = [one for one in schema[kind] if one.get("type") != "null"]
                return self.resolved(real[0])
        return schema

    def example(self, given: dict[str, Any]) -> Any:
        """The smallest value of a schema in which every text field is there."""
        schema = self.resolved(given)
        if "enum" in schema or "const" in schema:
            return schema.get("const", schema.get("enum", [None])[0])
        match schema.get("type"):
            case "object":
                named = schema.get("properties", {})
                found = {name: self.example(one) for name, one in named.items()}
                more = schema.get("additionalProperties")
                if isinstance(more, dict):
                    keys = schema.get("propertyNames", {}).get("enum", ["key"])
                    found |= {keys[0]: self.example(more)}
                return found
            case "array":
                return [self.example(schema["items"])] if "items" in schema else []
            case "integer" | "number":
                return schema.get("minimum", 1)
            case "boolean":
                return False
            case "string":
                return "text"
        return "text"


def texts_in(value: Any, at: Path = ()) -> Iterator[Path]:
    """Where a text stands in a value, keys of free objects included."""
    if isinstance(value, str):
        yield at
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from texts_in(one, (*at, name))
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from texts_in(one, (*at, place))


def with_text(value: Any, at: Path, text: str) -> Any:
    """The value with another text there."""
    if not at:
        return text
    found = copy.deepcopy(value)
    inner = found
    for part in at[:-1]:
        inner = inner[part]
    inner[at[-1]] = text
    return found


def spelled(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def owner(shop: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=shop.url, timeout=WAIT_S) as client:
        given = {"token": shop.first_token, "name": "老板", "password": "correct horse"}
        session = client.post("/api/first-account", json=given)
        client.headers["x-csrf-token"] = session.json()["csrf"]
        rows = [{"type": kind, "viewer": "v1", "room": "r1"} for kind in ("room_entered", "liked")]
        assert client.post("/v1/events", json={"events": rows}, auth=(shop.key, "")).is_success
        yield client


def is_told(answer: httpx.Response, where: str) -> None:
    """An answer in the form of all others, in which nothing was carried out."""
    assert answer.status_code < 500, f"{where}: {answer.status_code} {answer.text[:300]}"
    assert "set-cookie" not in answer.headers, where
    kind = answer.headers.get("content-type", "")
    if answer.content:
        assert kind.startswith(("application/json", "application/problem+json", "text/csv")), where
    if answer.status_code >= 400 and answer.content:
        assert answer.json()["code"], where
    assert EVALUATED not in answer.text, where


def asked(owner: httpx.Client) -> Iterator[tuple[str, httpx.Request]]:
    """Every operation with each hostile text in each place, one at a time."""
    walk = Walk(owner.get("/api/openapi.json").json())
    for method, path, operation in walk.operations():
        given = operation.get("parameters", ())
        names = [one["name"] for one in given if one["in"] == "path"]
        queries = [one["name"] for one in given if one["in"] == "query"]
        content = operation.get("requestBody", {}).get("content", {})
        body = (
            walk.example(content["application/json"]["schema"])
            if "application/json" in content
            else None
        )
        plain = path
        for name in names:
            plain = plain.replace("{" + name + "}", "text")
        for kind, text in HOSTILE.items():
            where = f"{method} {path}: {kind} in"
            for name in names:
                address = path.replace("{" + name + "}", spelled(text))
                for other in names:
                    address = address.replace("{" + other + "}", "text")
                yield f"{where} {name}", owner.build_request(method, address, json=body)
            for name in queries:
                address = f"{plain}?{name}={spelled(text)}"
                yield f"{where} {name}", owner.build_request(method, address, json=body)
            for at in texts_in(body):
                told = json.dumps(with_text(body, at, text)).encode()
                headers = {"content-type": "application/json"}
                request = owner.build_request(method, plain, content=told, headers=headers)
                yield f"{where} {at}", request
        for at in list(texts_in(body))[:1]:
            told = json.dumps(with_text(body, at, LARGE), ensure_ascii=False).encode()
            headers = {"content-type": "application/json"}
            request = owner.build_request(method, plain, content=told, headers=headers)
            yield f"{method} {path}: 3 MB in {at}", request


@pytest.mark.long
def test_no_text_in_any_field_of_the_document_is_a_fault_of_ours(
    shop: Served, owner: httpx.Client
) -> None:
    accounts = owner.get("/api/accounts").json()
    times = 0
    for where, request in asked(owner):
        is_told(owner.send(request), where)
        times += 1
    assert times > 1_000, "the document names more places than that"
    assert owner.get("/healthz").status_code == 200
    assert owner.get("/api/session").json()["account"]["name"] == "老板"
    assert owner.get("/api/accounts").json() == accounts
    rows = [{"type": "liked", "viewer": "v1", "room": "r1"}]
    told = owner.post("/v1/events", json={"events": rows}, auth=(shop.key, "")).json()
    assert told["accepted"] == 1, "events go on"
    is_safe_for_spreadsheets(owner)


def test_hostile_cells_of_tables_come_out_as_texts_that_no_spreadsheet_runs(
    owner: httpx.Client,
) -> None:
    columns = document("en-US", "sheets")["columns"]
    for kind, path in (
        ("products", "/api/products/import"),
        ("members", "/api/members/import"),
        ("orders", "/api/orders/import"),
        ("links", "/api/links/import"),
        ("lists", "/api/lists/hostile/import"),
    ):
        names = [one.split("|")[0] for one in columns[kind].values()]
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(names)
        for text in (*HOSTILE.values(), "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "|calc"):
            for place in range(len(names)):
                row = [f"{kind}-{place}", *["1"] * (len(names) - 1)]
                row[place] = text
                writer.writerow(row)
        body = table.getvalue().encode("utf-8", "surrogatepass")
        answer = owner.post(path, content=body, headers={"content-type": "text/csv"})
        is_told(answer, path)
    is_safe_for_spreadsheets(owner)


def is_safe_for_spreadsheets(owner: httpx.Client) -> None:
    paths = owner.get("/api/openapi.json").json()["paths"]
    tables = [one for one in paths if one.endswith(".csv")]
    assert len(tables) >= 2, tables
    for path in tables:
        answer = owner.get(path.replace("{key}", "hostile"))
        if answer.status_code == 404:
            continue
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        running = [one for one in cells if one.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert running == [], path


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (" or ".join(["count(liked) within 5m >= 1"] * 10_000), "definition.limit"),
        ("not " * 10_000 + "tag.follower", "definition.limit"),
        ("(" * 15_000 + "tag.follower" + ")" * 15_000, "definition.limit"),
        ("trait.city in (" + ",".join(f'"c{n}"' for n in range(1_000_000)) + ")", ""),
    ],
    ids=["10,000 conditions", "10,000 times not", "15,000 brackets", "a million values"],
)
def test_an_expression_beyond_all_bounds_is_told_so(
    owner: httpx.Client, text: str, code: str
) -> None:
    draft = {"text": text, "title": {"zh": "大"}, "meaning": {}}
    answer = owner.put("/api/definitions/segment/large/draft", json=draft)
    assert 400 <= answer.status_code < 500, answer.text[:300]
    assert answer.json()["code"].startswith(("definition.", "input.")), answer.json()
    assert len(answer.text) < 5_000, "the answer does not repeat it"


def test_traits_beyond_all_bounds_are_told_so_and_the_others_go_on(
    shop: Served, owner: httpx.Client
) -> None:
    many = {f"t{n}": 1 for n in range(100_000)}
    for traits in ({"city": "x" * 1_000_000}, {"city": ["x"] * 1_000_000}, many):
        rows = [
            {"type": "profile_updated", "viewer": "v1", "traits": traits},
            {"type": "liked", "viewer": "v1", "room": "r1"},
        ]
        answer = owner.post("/v1/events", json={"events": rows}, auth=(shop.key, ""))
        assert answer.status_code in (200, 413), answer.text[:300]
        if answer.status_code == 200:
            told = answer.json()
            assert (told["accepted"], told["rejected"][0]["index"]) == (1, 0)
            assert len(answer.text) < 2_000
