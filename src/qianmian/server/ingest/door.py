"""Who comes in: a post is read, its sender known, and its limits kept, before it is decoded.

Order matters. What costs nothing is asked first (address, announced length), what costs memory
next (the body), what costs time last; and a sender over its limit costs us no decoding at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from qianmian.columns.batch import EventBatch
from qianmian.runtime.sources import Source, Sources
from qianmian.server.asgi import Receive
from qianmian.server.ingest.buckets import NameCounter, TokenBuckets, address_group
from qianmian.server.ingest.credentials import keys_of_headers, keys_of_query, said_in_body
from qianmian.server.ingest.limits import ClassLimits, Limits
from qianmian.server.ingest.statistics import SourceCounters, SourceStatistics
from qianmian.server.ingest.wire import Refusal, Request, first_of, read_body
from qianmian.server.viewer_tokens import ViewerClaims, ViewerTokens
from qianmian.vocabulary.time import MINUTE_MS

_BYTES_PER_TOKEN: Final = 2_048  # a large body pays as the events that it could have been


@dataclass(slots=True)
class Post:
    """A post whose sender is known and may send now."""

    request: Request
    body: bytes
    source: Source
    limits: ClassLimits
    claims: ViewerClaims | None
    write_key: str
    now: int


class Door:
    """Keeps the limits; counts who came and who was sent away."""

    def __init__(
        self,
        sources: Sources,
        tokens: ViewerTokens,
        clock: Callable[[], int],
        limits: Limits,
    ) -> None:
        self.clock = clock
        self.limits = limits
        self.refused_unknown: Counter[str] = Counter()
        self._sources = sources
        self._tokens = tokens
        self._buckets = TokenBuckets(limits.tracked_addresses)
        self._names = {
            field: NameCounter(limits.tracked_names) for field in ("viewer", "product", "room")
        }
        self._counters: dict[str, SourceCounters] = {}

    def counters(self, source: Source) -> SourceCounters:
        """The counts of a source."""
        known = self._counters.get(source.name)
        if known is None:
            known = self._counters[source.name] = SourceCounters(source.key_class)
        return known

    def statistics(self) -> list[SourceStatistics]:
        """Counts of every source that has sent something, by name."""
        return [self._counters[name].shown(name) for name in sorted(self._counters)]

    def refuse(
        self,
        code: str,
        message: str,
        *,
        source: Source | None = None,
        retry_after_ms: int | None = None,
    ) -> NoReturn:
        """Send somebody away, counted.

        Raises: Refusal
        """
        raise self.counted(Refusal(code, message, retry_after_ms=retry_after_ms), source)

    def counted(self, refusal: Refusal, source: Source | None = None) -> Refusal:
        """The refusal, counted for its source where that is known."""
        if source is None:
            self.refused_unknown[refusal.code] += 1
        else:
            self.counters(source).refused_by_code[refusal.code] += 1
        return refusal

    async def body_of(self, request: Request, receive: Receive, most_bytes: int) -> bytes:
        """The body of a request, whoever sent it.

        Raises: Refusal, ClientGone
        """
        try:
            return await read_body(
                request,
                receive,
                most_bytes=most_bytes,
                timeout_ms=self.limits.body_timeout_ms,
            )
        except Refusal as refusal:
            raise self.counted(refusal, self._source_of(request, None)) from None

    async def received(
        self, request: Request, receive: Receive, *, most_bytes: int | None = None
    ) -> Post:
        """A post with a known sender that is within its limits; nothing is charged yet.

        Args:
            most_bytes: of the body; without it what the class of the key may send.

        Raises: Refusal, ClientGone
        """
        now = self.clock()
        key, source = self._key_of(request, None)
        if source is None or source.key_class == "browser":
            self._check_address(address_group(request.address), now)
        if most_bytes is None:
            # A key in the body is known only after it: then the smaller bound holds.
            known = self.limits.by_class["browser"] if source is None else self.limits.of(source)
            most_bytes = known.body_bytes
        body = await self.body_of(request, receive, most_bytes)
        if source is None:
            key, source = self._key_of(request, body)
        if source is None:
            self.refuse("unknown_key", "the write key is missing, unknown or revoked")
        self.check_origin(request, source)
        limits = self.limits.of(source)
        if limits.per_key is not None:
            wait_ms = self._buckets.wait_ms(f"key:{source.key_id}", limits.per_key, now)
            self._wait("rate", "the write key has sent too much", wait_ms, source)
        claims = self._claims(request, body, source)
        return Post(request, body, source, limits, claims, key, now)

    def charge(self, post: Post, events: int) -> None:
        """Let the sender pay for what it sent."""
        cost = max(events, 1, len(post.body) // _BYTES_PER_TOKEN)
        if post.limits.per_key is not None:
            name = f"key:{post.source.key_id}"
            self._buckets.take(name, post.limits.per_key, post.now, cost)
        per_address = self.limits.by_class["browser"].per_address
        if post.source.key_class == "browser" and per_address is not None:
            name = f"ip:{address_group(post.request.address)}"
            self._buckets.take(name, per_address, post.now, cost)

    def check_names(self, post: Post, batch: EventBatch) -> None:
        """Refuse more new viewers, products or rooms a minute than the key may bring.

        The whole post is refused, so that its sender sends it again and nothing is lost.

        Raises: Refusal
        """
        if post.limits.new_names is None:
            return
        brought: list[tuple[NameCounter, list[str], list[int]]] = []
        for field, counter in self._names.items():
            column = batch.strings.get(field)
            marks = [] if column is None else counter.unseen(column.values)
            if not marks:
                continue
            groups = {f"{post.source.key_id}": getattr(post.limits.new_names, f"{field}s")}
            per_address = post.limits.new_viewers_per_address
            if field == "viewer" and per_address is not None:
                groups[f"ip:{address_group(post.request.address)}"] = per_address
            for group, most in groups.items():
                if not counter.has_room(group, most, post.now):
                    wait_ms = MINUTE_MS - post.now % MINUTE_MS
                    self._wait("new_names", f"more than {most} new {field}s", wait_ms, post.source)
            brought.append((counter, list(groups), marks))
        for counter, names, marks in brought:
            counter.note(names, marks, post.now)

    def check_origin(self, request: Request, source: Source) -> None:
        """Refuse a page that the source does not name; a sender without an origin is no page.

        Raises: Refusal
        """
        origin = request.text(b"origin")
        is_bound = source.key_class == "browser" and bool(source.origins)
        if is_bound and origin and origin not in source.origins:
            self.refuse("origin", "this page may not use the write key", source=source)

    # -- parts

    def _check_address(self, address: str, now: int) -> None:
        rate = self.limits.by_class["browser"].per_address
        if rate is not None:
            wait_ms = self._buckets.wait_ms(f"ip:{address}", rate, now)
            self._wait("rate", "this address has sent too much", wait_ms, None)

    def _wait(self, code: str, message: str, wait_ms: int, source: Source | None) -> None:
        if wait_ms:
            self.refuse(code, message, source=source, retry_after_ms=wait_ms)

    def _source_of(self, request: Request, body: bytes | None) -> Source | None:
        return self._key_of(request, body)[1]

    def _key_of(self, request: Request, body: bytes | None) -> tuple[str, Source | None]:
        shown: Iterable[str] = (*keys_of_headers(request), *keys_of_query(request))
        if body is not None:
            shown = (said_in_body(body).writeKey,)
        for key in shown:
            source = self._sources.by_key(key)
            if source is not None:
                return key, source
        return "", None

    def _claims(self, request: Request, body: bytes, source: Source) -> ViewerClaims | None:
        if source.key_class != "browser":
            return None
        token = request.text(b"x-viewer-token")
        if not token and b"iewer" in body:  # viewerToken or viewer_token
            said = said_in_body(body)
            token = first_of((said.viewerToken, said.viewer_token))
        if not token:
            return None
        claims = self._tokens.read(token)
        if claims is None or claims.namespace != source.namespace:
            self.refuse(
                "bad_viewer_token",
                "the viewer token is expired or not ours; ask your server for a new one",
                source=source,
            )
        return claims
