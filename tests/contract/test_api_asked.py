"""Whatever the API's own document allows, asked by Schemathesis: no answer is a fault of ours."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.serving import WAIT_S, served

EXAMPLES = 25
LAST = ("/api/session", "/api/accounts/{account}", "/api/accounts/{account}/reset")
"""They may end the session of all that is asked after them, so they are asked last."""
KNOWN = """
[parameters]
"path.room" = "r1"
"path.viewer" = "v1"
"""


def asked(folder: Path, url: str, headers: dict[str, str], *paths: str) -> int:
    """Ask these operations, with `--include-path` or `--exclude-path`; how many there were."""
    options = folder / "schemathesis.toml"
    options.write_text(KNOWN, encoding="utf-8")
    words = ["--config-file", str(options), "run", f"{url}/api/openapi.json", "-n", str(EXAMPLES)]
    words += ["--checks", "not_a_server_error", "--phases", "coverage,fuzzing", "--seed", "7"]
    words += ["--suppress-health-check", "all", "--no-color", *paths]
    words += [word for pair in headers.items() for word in ("-H", ": ".join(pair))]
    program = "from schemathesis.cli import schemathesis; schemathesis()"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, *words],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    tested = re.search(r"Tested: (\d+)", done.stdout)
    assert tested is not None, done.stdout
    return int(tested[1])


@pytest.mark.long
def test_no_request_of_the_document_is_answered_by_a_fault(tmp_path: Path) -> None:
    with served(tmp_path / "home") as server, httpx.Client(base_url=server.url) as client:
        given = {"token": server.first_token, "name": "老板", "password": "correct horse"}
        session = client.post("/api/first-account", json=given, timeout=WAIT_S)
        rows = [{"type": kind, "viewer": "v1"} for kind in ("room_entered", "liked")]
        posted = client.post("/v1/events", json={"events": rows}, auth=(server.key, ""))
        assert posted.json()["accepted"] == len(rows), posted.text
        headers = {
            "x-csrf-token": session.json()["csrf"],
            "cookie": f"qianmian_session={client.cookies['qianmian_session']}",
        }
        paths = client.get("/api/openapi.json").json()["paths"]
        operations = sum(len(ways) for ways in paths.values())
        later = sum(len(paths[path]) for path in LAST)
        spared = [word for path in LAST for word in ("--exclude-path", path)]
        assert asked(tmp_path, server.url, headers, *spared) == operations - later
        alive = client.get("/api/session").json()
        assert alive["account"]["name"] == "老板", "all of it was asked by somebody"
        last = [word for path in LAST for word in ("--include-path", path)]
        assert asked(tmp_path, server.url, headers, *last) == later
