"""`qianmian demo`: a simulated room on air, a real server, and a browser that shows it."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import tempfile
import webbrowser
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.live import Live as Screen
from rich.text import Text

from qianmian.bootstrap import load_moments, warm_up
from qianmian.bootstrap.demo import (
    ROOM,
    DemoSources,
    demo_simulation,
    demo_sources,
    demo_strategies,
    extend_past,
    record_past,
)
from qianmian.bootstrap.installation import Installation, open_installation
from qianmian.cli.commands.serve import now_ms, tell_where
from qianmian.cli.demo_sender import Order, SenderProcess, World
from qianmian.cli.exit_codes import FINDINGS, OK
from qianmian.cli.terminal import help_text, locale_option, out_console, progress_bar, texts_for
from qianmian.connectors.sending.poster import SendingStatistics
from qianmian.errors import InputError
from qianmian.locales.texts import Texts
from qianmian.runtime.doctor import is_compiled
from qianmian.runtime.live import Live
from qianmian.runtime.past import Past
from qianmian.runtime.ports import Advance
from qianmian.server.demo_shop.app import SHOP_PATH, DemoShop
from qianmian.server.garbage import collect_seldom
from qianmian.server.ingest.limits import limits_of_one_address
from qianmian.server.logs import set_up_logs
from qianmian.server.run import run_server
from qianmian.server.site import Site
from qianmian.server.start import listening
from qianmian.settings import Settings
from qianmian.simulation.plan import MAX_VIEWERS
from qianmian.vocabulary.firing import Firing, digest

VIEWERS = 20_000
HOST = "127.0.0.1"  # the one-time link of the demonstration must not be of use to anybody else
STATUS_S = 1.0
GAP_MS = 2_000  # a broadcast that is further behind is held back by the sender
CATCH_UPS = 3  # each takes about a tenth of the time it catches up with, more on a busy machine


class Span(click.ParamType[float]):
    """A duration such as 20s, 5m or 1h, in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|m|h)", value)
        if found is None:
            self.fail(f"{value!r} is no duration such as 20s, 5m or 1h", param, ctx)
        return float(found[1]) * {"s": 1, "m": 60, "h": 3_600}[found[2]]


@dataclass(slots=True)
class _Watched:
    """What is noted while it runs."""

    firings: list[Firing] = field(default_factory=list)
    live_from_ms: int = 0
    online_peak: int = 0

    def add(self, firings: Sequence[Firing]) -> None:
        """More firings; also called on the engine's thread."""
        self.firings.extend(firings)


@click.command(name="demo", help=help_text("help.demo"))
@click.option(
    "--viewers",
    type=click.IntRange(1, MAX_VIEWERS),
    default=VIEWERS,
    show_default=True,
    help=help_text("option.viewers"),
)
@click.option("--seed", type=click.IntRange(0), default=1, help=help_text("option.seed"))
@click.option("--port", type=int, default=8_000, show_default=True, help=help_text("serve.port"))
@click.option("--home", type=click.Path(path_type=Path), help=help_text("demo.home"))
@click.option("--for", "seconds", type=Span(), help=help_text("demo.for"))
@click.option("--headless", is_flag=True, help=help_text("demo.headless"))
@click.option("--json", "as_json", is_flag=True, help=help_text("option.json"))
@locale_option
def command(home: Path | None, locale: str | None, **given: Any) -> int:
    """Run it until Ctrl-C, or for a while."""
    texts = texts_for(locale)
    set_up_logs(json_lines=False)
    collect_seldom()
    with tempfile.TemporaryDirectory(prefix="qianmian-demo-") as folder:
        settings = Settings.from_environment(os.environ)
        settings = msgspec.structs.replace(
            settings, home=home or Path(folder), host=HOST, port=given["port"], currency="CNY"
        )
        if (settings.home / "log").exists():
            raise InputError(texts.say("demo.used", home=settings.home))
        if settings.strategies is None:
            strategies = demo_strategies(settings.home)
            settings = msgspec.structs.replace(settings, strategies=strategies)
        with open_installation(settings, now_ms) as installation:
            return _demo(installation, texts, **given)


def _demo(home: Installation, texts: Texts, **given: Any) -> int:
    bound = _bound(home.settings.port)
    watched = _Watched()
    sources = demo_sources(home)
    with ExitStack() as running:
        with progress_bar(texts, is_cold=not is_compiled()) as step:
            warm_up(home.definitions)
            world = World(given["seed"], given["viewers"], now_ms())
            sender = running.enter_context(SenderProcess(world))
            past, from_ms = _recorded(home, world, sources, watched, texts["demo.room"], step)
        show = _Show(home, sender, sources, past, watched, texts, given)
        asyncio.run(show.run(bound, from_ms))
    result = show.result()
    if given["as_json"]:
        click.echo(msgspec.json.encode(result).decode())
    elif given["seconds"] is not None:
        show.tell(result)
    return OK if given["seconds"] is None or not result["problems"] else FINDINGS


def _recorded(
    home: Installation,
    world: World,
    sources: DemoSources,
    watched: _Watched,
    title: str,
    step: Callable[[str], Advance],
) -> tuple[Past, int]:
    """Write what is past into the log and understand it; also the instant from which to send."""
    now = world.now_ms
    simulation = demo_simulation(world.seed, world.viewers, now)
    past = record_past(home, simulation, sources, now, title, step("demo.past"))
    home.deployment.recover(
        home.definitions, (), on_firings=watched.add, advance=step("serve.replaying")
    )
    for _ in range(CATCH_UPS):  # with what was sent while this got ready
        until = now_ms()
        if until - now <= GAP_MS:
            break
        more = extend_past(home, simulation, sources, now, until)
        past = Past(past.events + more.events, past.rejected + more.rejected)
        home.deployment.follow(watched.add)
        now = until
    return past, now


def _bound(port: int) -> socket.socket:
    """The port that was asked for, else a free one: a demonstration should not fail for that."""
    try:
        return listening(HOST, port)
    except OSError:
        return listening(HOST, 0)


class _Show:
    """The demonstration while it runs."""

    def __init__(
        self,
        home: Installation,
        sender: SenderProcess,
        sources: DemoSources,
        past: Past,
        watched: _Watched,
        texts: Texts,
        given: dict[str, Any],
    ) -> None:
        self._home = home
        self._sender = sender
        self._sources = sources
        self._past = past
        self._watched = watched
        self._texts = texts
        self._given = given
        self._until = asyncio.Event()
        self._sent: SendingStatistics | None = None
        self._in_log = 0
        self._sending: asyncio.Task[None] | None = None

    async def run(self, bound: socket.socket, from_ms: int) -> None:
        """Serve and send until it is time to stop."""
        port = bound.getsockname()[1]

        async def ready(site: Site) -> None:
            self._watched.live_from_ms = now_ms()
            if not self._given["as_json"]:
                link = tell_where(self._home, self._texts, port)
                shop = f"http://{HOST}:{port}{SHOP_PATH}"
                out_console().print(self._texts.say("demo.shop", address=shop), soft_wrap=True)
                if not self._given["headless"]:
                    await asyncio.to_thread(webbrowser.open, link)
            self._sending = asyncio.create_task(self._send(site, port, from_ms))

        try:
            await run_server(
                self._home,
                bound,
                now=now_ms,
                until=self._until,
                on_ready=ready,
                limits=limits_of_one_address(),
                on_firings=self._watched.add,
                more={SHOP_PATH[1:]: DemoShop(self._home, self._sources, now_ms)},
            )
        finally:
            if self._sending is not None:
                self._sending.cancel()
                await asyncio.gather(self._sending, return_exceptions=True)
                self._raise_problem()

    def _raise_problem(self) -> None:
        sending = self._sending
        if sending is not None and not sending.cancelled():
            problem = sending.exception()
            if problem is not None:
                raise problem

    async def _send(self, site: Site, port: int, from_ms: int) -> None:
        keys = self._sources.browser_key, self._sources.server_key
        order = Order(f"http://{HOST}:{port}", *keys, from_ms, self._given["seconds"])
        showing = asyncio.create_task(self._show(site))
        try:
            self._sent = await self._sender.send(order)
            self._in_log = await site.deployment.ask(_events_of) - self._events_before
        finally:
            showing.cancel()
            self._until.set()

    @property
    def _events_before(self) -> int:
        return self._past.events - self._past.rejected

    async def _show(self, site: Site) -> None:
        """One line that says how it goes, once a second."""
        is_quiet = self._given["as_json"] or self._given["headless"]
        console = out_console()
        with Screen(console=console, transient=True, auto_refresh=False) as screen:
            while True:
                online, hesitating = await site.deployment.ask(_numbers)
                self._watched.online_peak = max(self._watched.online_peak, online)
                if not is_quiet and console.is_terminal:
                    sent = self._sender.last.sent
                    line = self._texts.say(
                        "demo.line",
                        online=f"{online:,}",
                        hesitating=f"{hesitating:,}",
                        sent=f"{0 if sent is None else sent.sent:,}",
                        lag=site.deployment.lag_ms,
                    )
                    screen.update(Text(line), refresh=True)
                await asyncio.sleep(STATUS_S)

    def result(self) -> dict[str, Any]:
        """What happened, and what should not have."""
        counts = Counter(firing.moment for firing in self._watched.firings)
        by_moment = {key: counts.get(key, 0) for key in load_moments()}
        waits = [key for key, one in load_moments().items() if one.lingers and one.lingers.on_page]
        live = Counter(
            firing.moment
            for firing in self._watched.firings
            if firing.moment in waits and firing.at >= self._watched.live_from_ms
        )
        sent = self._sent
        lost = 0 if sent is None else sent.lost + max(0, sent.accepted - self._in_log)
        problems = [f"{lost} events were lost"] if lost else []
        if sent is not None and (sent.rejected or sent.busy_answers):
            problems.append(
                f"{sent.rejected} events were refused {sent.rejected_by_code}, and"
                f" {sent.busy_answers} posts had to wait"
            )
        problems += [f"{key} never fired" for key, count in by_moment.items() if not count]
        problems += [f"{key} did not fire live" for key in waits if not live[key]]
        return {
            "room": ROOM,
            "viewers_peak": self._watched.online_peak,
            "events_recorded": self._events_before,
            "events_sent": 0 if sent is None else sent.sent,
            "events_accepted": 0 if sent is None else sent.accepted,
            "firings_by_moment": by_moment,
            "fired_live": dict(live),
            "latency_p50_ms": None if sent is None else sent.latency_p50_ms,
            "latency_p99_ms": None if sent is None else sent.latency_p99_ms,
            "lost": lost,
            "digest": digest(self._watched.firings),
            "problems": problems,
        }

    def tell(self, result: dict[str, Any]) -> None:
        """The result for people."""
        console = out_console()
        for name in ("viewers_peak", "events_sent", "events_accepted", "lost", "latency_p99_ms"):
            console.print(f"{self._texts[f'demo.{name}']}  {result[name]}")
        for problem in result["problems"]:
            console.print(problem, style="bold red")


def _numbers(live: Live) -> tuple[int, int]:
    """Online, and how many hesitate."""
    board = live.views.board(ROOM)
    return (0, 0) if board is None else (board.online, board.hesitating.count)


def _events_of(live: Live) -> int:
    """Events in the log, whatever became of them."""
    return sum(view.events for _, view in live.sources.items())
