"""`qianmian stress` as people call it, against a server that listens."""

from __future__ import annotations

import json

import pytest

from qianmian.cli.main import run
from tests.fakes.inbox import Inbox, listening

SIZE = ("--viewers", "20", "--rate", "2000", "--for", "0.2", "--limit-ms", "20000")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_it_stops_at_the_first_loss_and_tells_what_it_means(
    locale: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with listening(Inbox(reads=lambda number: number < 8)) as url:
        code = run(["stress", "--url", url, "--key", "server-key", *SIZE, "--locale", locale])
    said = capsys.readouterr()
    assert code == 0
    assert "p99" in said.out
    assert (
        "--json 给出原因代码" if locale == "zh-CN" else "--json says with which codes"
    ) in said.out


def test_json_tells_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    with listening(Inbox(reads=lambda number: number < 2)) as url:
        code = run(["stress", "--url", url, "--key", "server-key", *SIZE, "--json"])
    assert code == 1  # not even the first rate was good
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"url", "limit_ms", "steps", "knee_per_s", "stopped_by"}
    assert (answer["knee_per_s"], answer["stopped_by"]) == (None, "loss")
    assert answer["steps"][0]["rejected_by_code"]["body_too_large"] > 0


def test_somebody_elses_server_and_a_wrong_key_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["stress", "--url", "http://shop.example", "--key", "k"]) == 2
    assert "--i-own-this-host" in capsys.readouterr().err
    with listening(Inbox()) as url:
        assert run(["stress", "--url", url, "--key", "guessed", *SIZE]) == 2
    assert "write key" in capsys.readouterr().err
