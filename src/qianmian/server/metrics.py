"""`/metrics` for Prometheus: numbers of the process as it is when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from qianmian.server.asgi import App, Event, Receive, Scope, Send
from qianmian.server.site import Site

CONTENT_TYPE = CONTENT_TYPE_LATEST
ACK_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class _Now(Collector):
    """Reads counters that others keep."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def collect(self) -> Iterator[Metric]:
        """The metrics, each with its value of now."""
        deployment, log = self._site.deployment, self._site.log
        told = self._site.viewers.hub.statistics()
        gauges: list[tuple[str, str, Callable[[], float]]] = [
            ("lag_seconds", "how far the engine is behind", lambda: deployment.lag_ms / 1_000),
            (
                "engine_waiting_events",
                "events that wait for the engine",
                lambda: deployment.engine.waiting_rows,
            ),
            (
                "log_waiting_events",
                "events that wait to be written",
                lambda: deployment.gateway.waiting_rows,
            ),
            ("console_tabs", "open console tabs", lambda: self._site.hub.tabs),
            ("viewer_sockets", "open sockets and streams of viewers", lambda: told.sockets),
            ("viewer_messages_kept", "kept for viewers who come", lambda: told.queued),
            ("log_first_offset", "oldest message kept", lambda: log.first_offset),
            ("healthy", "1 while log and engine work", lambda: deployment.problem is None),
        ]
        for name, meaning, read in gauges:
            yield GaugeMetricFamily(f"qianmian_{name}", meaning, value=float(read()))
        yield CounterMetricFamily(
            "qianmian_log_messages", "messages in the log since it began", value=log.next_offset
        )
        rejected = CounterMetricFamily(
            "qianmian_rejected_events", "events not accepted", labels=["source", "code"]
        )
        for source in self._site.ingest.statistics():
            for code, count in (source.rejected_by_code | source.refused_by_code).items():
                rejected.add_metric([source.name, code], count)
        yield rejected
        yield self._undelivered()
        counts = (
            ("schedules_late", "instants of schedules that came too late", deployment.late_turns),
            ("viewer_messages_sent", "messages given to sockets", told.sent),
            ("viewer_messages_expired", "messages that came too late", told.dropped),
            ("viewer_sockets_slow", "sockets that did not keep up", told.slow),
            (
                "receipts_lost",
                "receipts that the log did not take",
                self._site.viewers.desk.dropped,
            ),
        )
        for name, meaning, count in counts:
            yield CounterMetricFamily(f"qianmian_{name}", meaning, value=count)
        bounds = self._site.deployment.forgotten
        yield _by("of", "engine_overflow", "let go where a bound of the engine was reached", bounds)
        refused, console = told.refused, self._site.refused
        yield _by("reason", "viewers_refused", "sockets, streams and receipts refused", refused)
        yield _by("reason", "console_refused", "who was not let into the console", console)
        yield _by("moment", "firings", "moments that fired", self._site.fired)

    def _undelivered(self) -> Metric:
        """What was decided and came to nothing on our side, in memory: since the start."""
        found = CounterMetricFamily(
            "qianmian_undelivered",
            "decisions that were not sent, or taken back",
            labels=["channel", "why"],
        )
        taken_back = self._site.withdrawals.counts
        for one in self._site.deliveries:
            found.add_metric([one.channel, "late"], one.late)
            found.add_metric([one.channel, "unfit"], one.unfit)
            found.add_metric([one.channel, "no_code"], self._site.issuing.undelivered[one.channel])
            withdrawn = one.withdrawn + taken_back[one.channel]
            found.add_metric([one.channel, "withdrawn"], withdrawn)
        return found


def _by(label: str, name: str, meaning: str, counts: Mapping[str, int]) -> CounterMetricFamily:
    """A count for each value of a label."""
    found = CounterMetricFamily(f"qianmian_{name}", meaning, labels=[label])
    for value, count in sorted(counts.items()):
        found.add_metric([value], count)
    return found


class Metrics:
    """The metrics of one server."""

    def __init__(self, site: Site) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Now(site))
        self.ack = Histogram(
            "qianmian_ack_seconds",
            "from the last byte of a post to its answer",
            buckets=ACK_S,
            registry=self._registry,
        )

    async def measured(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of the ingest; of a post, how long its answer took is noted."""
        read_s: float | None = None

        async def receiving() -> Event:
            nonlocal read_s
            event = await receive()
            read_s = time.perf_counter()  # a body may come in parts: the last one counts
            return event

        async def sending(event: Event) -> None:
            if event["type"] == "http.response.start" and read_s is not None:
                self.ack.observe(time.perf_counter() - read_s)
            await send(event)

        await app(scope, receiving, sending)

    def text(self) -> bytes:
        """The whole page."""
        return generate_latest(self._registry)
