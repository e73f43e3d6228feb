"""From a post to what fires: HTTP, disk, engine, beside plain Python behind the same server.

Server, partner and sender are processes of their own; bodies are made beforehand. Sixteen
connections send when they are answered. A rate counts the time until everything is decided, not
only acknowledged. All formats and the partner run in turn, so that what else the machine does
meets all of them; the one that is idle costs ten small writes per second.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import msgspec

from benchmarks.bodies import Row, arrow_body, columns_body, segment_body, sent_rows
from benchmarks.door_sender import MARK, Sending, Told
from benchmarks.door_server import EXPECTED_VIEWERS, PROBE, moments_of, now_ms
from benchmarks.workload import Plan, make
from qianmian.bootstrap.installation import open_installation, open_sources
from qianmian.runtime.bench import BenchRow
from qianmian.runtime.messages import Events
from qianmian.runtime.sources import Source
from qianmian.settings import Settings
from qianmian.storage.segment_reader import SegmentReader

POSTS = (1, 20, 200)
CONNECTIONS = 16
MOST_ROWS = 100_000
PACE = 100_000
PROBES_PER_S = 100
PROBE_BODY = msgspec.json.encode(
    {"type": "order_paid", "viewer": f"{PROBE}{MARK.decode()}", "room": "r0", "amount": 100,
     "order_id": f"{PROBE}{MARK.decode()}", "message_id": f"{PROBE}{MARK.decode()}"}
)  # fmt: skip
PARTNER = "msgspec, dictionaries and plain Python on JSON rows behind the same server"


def json_rows(rows: list[Row]) -> bytes:
    return msgspec.json.encode({"events": rows})


FORMATS: dict[str, tuple[str, str, Callable[[list[Row]], bytes]]] = {
    "JSON rows": ("/v1/events", "application/json", json_rows),
    "JSON columns": ("/v1/events", "application/vnd.qianmian.columns+json", columns_body),
    "Arrow stream": ("/v1/events", "application/vnd.apache.arrow.stream", arrow_body),
    "Segment batch": ("/v1/batch", "application/json", segment_body),
}


def new_rows(plan: Plan) -> list[Row]:
    """A later part of an evening as events of now, with ids that are made new by the mark."""
    batch = make(plan)
    first = len(batch) // 3
    rows = []
    for number, row in enumerate(sent_rows(batch.slice(first, min(first + MOST_ROWS, len(batch))))):
        sent = {k: v for k, v in row.items() if k not in ("event_time", "stream", "seq", "source")}
        rows.append(sent | {"message_id": f"{MARK.decode()}{number:08x}"})
    return rows


class Process:
    """A child that prints its port and ends by SIGTERM."""

    def __init__(self, *words: str) -> None:
        root = Path(__file__).resolve().parents[1]
        paths = os.pathsep.join([str(root), *(path for path in sys.path if path)])
        self.child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", *words],
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": paths},
        )
        assert self.child.stdout is not None
        self.port = int(self.child.stdout.readline())

    def stop(self) -> None:
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(60)
        assert self.child.stdout is not None
        self.child.stdout.close()


class Ours:
    """The product's server over a home of its own."""

    behind = "/metrics"
    gauges = ("qianmian_engine_waiting_events", "qianmian_log_waiting_events")

    def __init__(self, folder: Path) -> None:
        self.home, self.notes = folder / "home", folder / "notes"
        self.home.mkdir()
        with open_sources(self.home, now_ms) as sources:
            _, self.key = sources.create(Source("bench", "server", presence=True))
        self.process = Process("benchmarks.door_server", str(self.home), str(self.notes))
        self.port = self.process.port


class Partner:
    """Plain Python behind the same server; it asks for no key."""

    key = "none"
    behind = "/waiting"
    gauges = ("waiting",)

    def __init__(self, folder: Path) -> None:
        self.process = Process("benchmarks.door_rival", str(folder / "rival"))
        self.port = self.process.port


def processor_s(process: int) -> float:
    """Seconds of processor time that another process has used (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sent(folder: Path, sending: Sending) -> tuple[Told, float]:
    """What a sender in its own process saw, and seconds until all of it was decided.

    Raises: AssertionError when a post was refused: a figure with losses is none.
    """
    path = folder / "sending"
    path.write_bytes(msgspec.msgpack.encode(sending))
    root = Path(__file__).resolve().parents[1]
    paths = os.pathsep.join([str(root), *(path for path in sys.path if path)])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.door_sender", str(path)],
        check=True,
        stdout=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": paths},
    )
    told = msgspec.json.decode(done.stdout, type=Told)
    if told.refused:
        raise AssertionError(f"{told.refused} of {told.posts} posts were refused")
    return told, told.decided - told.began


def posts_of(
    rows: list[Row], write: Callable[[list[Row]], bytes], size: int, most: int
) -> list[bytes]:
    parts = [rows[at : at + size] for at in range(0, len(rows) - size + 1, size)]
    return [write(part) for part in parts[:most]]


class Servers(NamedTuple):
    """Both that are compared, and a folder for what is sent."""

    ours: Ours
    partner: Partner
    folder: Path


@contextmanager
def servers() -> Iterator[Servers]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = Ours(folder)
        stack.callback(_stopped, ours)
        partner = Partner(folder)
        stack.callback(_stopped, partner)
        yield Servers(ours, partner, folder)


def _stopped(one: Ours | Partner) -> None:
    if one.process.child.poll() is None:
        one.process.stop()


def through_the_door(
    plan: Plan,
    *,
    seconds: float,
    rounds: int,
    sizes: tuple[int, ...] = POSTS,
    most_bodies: int = 2_000,
    pace: int = PACE,
) -> Iterator[BenchRow]:
    """Rates and waits per format and size, a paced run, then the replay of the log of all that."""
    rows = new_rows(plan)
    with servers() as both:
        for size in sizes:
            yield from _of_size(both, rows, size, seconds, rounds, most_bodies)
        yield from _paced(both, rows, pace, max(seconds, 1.0))
        yield from _replayed(both.ours.home)


def _of_size(
    both: Servers,
    rows: list[Row],
    size: int,
    seconds: float,
    rounds: int,
    most: int,
) -> Iterator[BenchRow]:
    ours, partner, folder = both
    plans: dict[str, Sending] = {}
    for name, (route, content, write) in FORMATS.items():
        bodies = posts_of(rows, write, size, most)
        plans[name] = _sending(ours, route, content, bodies, size, seconds)
    route, content, write = FORMATS["JSON rows"]
    bodies = posts_of(rows, write, size, most)
    plans[PARTNER] = _sending(partner, route, content, bodies, size, seconds)
    rates: dict[str, list[float]] = {name: [] for name in plans}
    works: dict[str, list[float]] = {name: [] for name in plans}
    waits: dict[str, list[tuple[float, float]]] = {name: [] for name in plans}
    for sending in plans.values():  # what is made or compiled once
        sent(folder, msgspec.structs.replace(sending, seconds=min(seconds, 0.3)))
    for _ in range(rounds):
        for name, sending in plans.items():
            one = (partner if name == PARTNER else ours).process.child.pid
            before = processor_s(one)
            told, decided = sent(folder, sending)
            rates[name].append(told.posts * size / decided)
            works[name].append((processor_s(one) - before) / (told.posts * size))
            waits[name].append(told.waits)
    for name in FORMATS:
        ratios = [mine / theirs for mine, theirs in zip(rates[name], rates[PARTNER], strict=True)]
        title = f"{name}, posts of {size:,}"
        yield BenchRow(
            f"HTTP to decided, {title}", median(rates[name]), "ev/s",
            baseline=f"{PARTNER}: {median(rates[PARTNER]):,.0f} ev/s",
            ratio=median(ratios), spread=(max(ratios) - min(ratios)) / median(ratios),
        )  # fmt: skip
        yield BenchRow(
            f"processor time of the server per event, {title}", median(works[name]) * 1e6, "us",
            baseline=f"{PARTNER}: {median(works[PARTNER]) * 1e6:,.1f} us",
            ratio=median(works[PARTNER]) / median(works[name]),
        )  # fmt: skip
        for place, share in enumerate(("p50", "p99")):
            mine, theirs = (median(pair[place] for pair in waits[w]) for w in (name, PARTNER))
            yield BenchRow(
                f"acknowledged after, {share}, {title}", mine, "ms",
                baseline=f"{PARTNER}: {theirs:,.1f} ms", ratio=theirs / mine,
            )  # fmt: skip


def _sending(
    to: Ours | Partner, route: str, content: str, bodies: list[bytes], size: int, seconds: float
) -> Sending:
    return Sending(
        to.port, route, content, to.key, bodies, size, seconds, CONNECTIONS, to.behind, to.gauges
    )


def _paced(both: Servers, rows: list[Row], pace: int, seconds: float) -> Iterator[BenchRow]:
    """Single events that fire at once, due at even instants beside a steady load.

    The wait of a probe is from the instant it was due to be sent to its decision on the engine's
    thread: HTTP, decoding, the disk and the engine are in it. Where the machine does not carry the
    pace, half of it is tried, and the row says which pace it was.
    """
    ours, _, folder = both
    route, content, write = FORMATS["JSON columns"]
    bodies = posts_of(rows, write, 200, 1_000)
    sending = _sending(ours, route, content, bodies, 200, seconds)
    while True:
        paced = msgspec.structs.replace(
            sending, connections=64, rate=pace / 200, probe_rate=PROBES_PER_S,
            probe=PROBE_BODY.replace(PROBE.encode(), f"{PROBE}{pace}-".encode()),
        )  # fmt: skip
        told, decided = sent(folder, paced)
        if decided < seconds * 1.1 or pace < 1_000:
            break
        pace //= 2
    ours.process.stop()
    noted: dict[str, float] = msgspec.json.decode(ours.notes.read_bytes())
    lasted = {name: noted.get(f"{PROBE}{pace}-{name}") for name in told.probes}
    found = sorted(at - told.probes[name] for name, at in lasted.items() if at is not None)
    if len(found) < len(told.probes):
        raise AssertionError(f"{len(told.probes) - len(found)} probes were not decided")
    for share in (50, 99):
        at = found[min(len(found) * share // 100, len(found) - 1)]
        yield BenchRow(f"HTTP to decision, p{share}, paced at {pace:,} ev/s", at * 1e3, "ms")
    for share, wait in zip((50, 99), told.waits, strict=True):
        yield BenchRow(f"acknowledged after, p{share}, paced at {pace:,} ev/s", wait, "ms")


def _replayed(home: Path) -> Iterator[BenchRow]:
    """The log that these runs have written, read again: alone, and into an engine."""
    began = time.process_time()
    events = sum(
        len(message.body.batch)
        for message in SegmentReader(home / "log").read(0)
        if isinstance(message.body, Events)
    )
    yield BenchRow("log read and decoded", events / (time.process_time() - began), "ev/s")
    for snapshot in (home / "snapshots").iterdir():
        snapshot.unlink()
    settings = Settings(home=home, expected_viewers=EXPECTED_VIEWERS)
    with open_installation(settings, now_ms) as installation:
        began = time.process_time()
        installation.deployment.recover(moments_of(installation))
        rate = events / (time.process_time() - began)
    yield BenchRow(f"replay of a log into the engine, {events:,} events", rate, "ev/s")
