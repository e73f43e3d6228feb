"""The ingest application: raw ASGI, from a post to a durable batch and its answer.

    post -> door (address, body, write key, limits, viewer token) -> decode -> new names
         -> submit (durable) -> answer, dead letters

A post is acknowledged after `submit` returned and not before. Bad events are answered one by one
(200 with a list, 400 when none was good); a whole post is refused with a code of `codes.py`. No
content of a post leads to a 5xx: 503 is said only when the disk does not take the events, or does
not say whose key it is.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from qianmian.columns.batch import EventBatch
from qianmian.errors import InputError, OperationalError, Overloaded
from qianmian.runtime.dead_letters import DeadLetters
from qianmian.runtime.refusals import Refusals
from qianmian.runtime.sources import Source, Sources
from qianmian.runtime.text_marks import Classify
from qianmian.server.asgi import Receive, Scope, Send
from qianmian.server.ingest import native, segment, token_request, webhook, webhook_page
from qianmian.server.ingest.codes import STATUS_BY_CODE
from qianmian.server.ingest.decoding import (
    Decode,
    DecodeContext,
    Decoded,
    LinkedOf,
    RejectedEvent,
    is_of_erased,
)
from qianmian.server.ingest.door import Door, Post
from qianmian.server.ingest.letters import letters_of
from qianmian.server.ingest.limits import Limits
from qianmian.server.ingest.statistics import LinkMemory, SourceStatistics
from qianmian.server.ingest.wire import (
    Answer,
    ClientGone,
    Refusal,
    Request,
    preflight,
)
from qianmian.server.viewer_tokens import AnonymousIds, ViewerClaims, ViewerTokens
from qianmian.vocabulary.events import CODE_BY_NAME
from qianmian.vocabulary.ids import ANONYMOUS_PREFIX, apart, id_problem

Submit = Callable[[EventBatch], Awaitable[None]]
"""Gives a batch to the log; durable when it returns. Raises Overloaded when it cannot take it."""

Handler = Callable[[Request, Receive], Awaitable[Answer]]

DECODERS: Final[Mapping[str, Decode]] = MappingProxyType(
    {**segment.DECODERS, **native.DECODERS, **webhook.DECODERS}
)
_SHORT: Final = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group"}
SEGMENT_ROUTES: Final[Mapping[str, str]] = MappingProxyType(
    {f"/v1/{kind}": f"segment/{kind}" for kind in (*segment.CALLS, "batch")}
    | {f"/v1/{short}": f"segment/{kind}" for short, kind in _SHORT.items()}
    | {"/v1/a": "segment/alias", "/v1/b": "segment/batch"}
)
"""The decoder of each address of Segment's API, the short ones of browsers included."""

_LINKED: Final = CODE_BY_NAME["identity_linked"]
_RETRY_ON_DISK_MS: Final = 5_000
_TOKEN_BODY_BYTES: Final = 4_096
LARGE_BYTES: Final = 128 * 1024
"""What is longer is decoded in a thread: 10 ms or more, in which nobody else would be answered."""


class IngestApp:
    """Serves `/v1/*` and `/ingest/*`.

    Args:
        sources: write keys.
        submit: the way to the log.
        dead_letters: where what is rejected is kept.
        clock: now, ms UTC.
        classify: text classes of comments.
        secret: at least 32 random bytes; signs viewer tokens and anonymous ids.
        limits: of bodies, rates and names.
        erased: whose events are refused.
    """

    def __init__(
        self,
        *,
        sources: Sources,
        submit: Submit,
        dead_letters: DeadLetters,
        clock: Callable[[], int],
        classify: Classify,
        secret: bytes,
        limits: Limits | None = None,
        erased: Refusals | None = None,
    ) -> None:
        self.tokens = ViewerTokens(secret, clock)
        self.anonymous_ids = AnonymousIds(secret)
        self.links = LinkMemory()
        self._door = Door(sources, self.tokens, clock, limits or Limits())
        self._sources = sources
        self._submit = submit
        self._letters = dead_letters
        self._classify = classify
        self._erased = Refusals(secret, "default") if erased is None else erased
        self._in_flight = 0
        self._replayed: set[int] = set()
        self._handlers: dict[str, dict[str, Handler]] = {
            **{path: {"POST": self._segment} for path in SEGMENT_ROUTES},
            "/v1/m": {"POST": self._metrics_beacon},
            "/v1/events": {"POST": self._events},
            "/v1/viewer-tokens": {"POST": self._mint},
            "/v1/anonymous": {"POST": self._issue},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request.of(scope)
        origin = request.headers.get(b"origin")
        self._in_flight += 1
        try:
            answer = await self._answer(request, receive)
        except ClientGone:
            return
        except Refusal as refusal:
            if refusal.code == "origin":
                origin = None  # a page that may not use the key may not read why
            answer = refusal.answer()
        except OperationalError as problem:  # write keys cannot be read: nothing of it was taken
            again = Refusal("not_durable", problem.message, retry_after_ms=_RETRY_ON_DISK_MS)
            answer = self._door.counted(again).answer()
        except asyncio.CancelledError:  # the server stops, and waits for the disk no longer
            why = "the server stops before this is durable"
            gone = Refusal("overloaded", why, retry_after_ms=_RETRY_ON_DISK_MS)
            answer = self._door.counted(gone).answer()
        finally:
            self._in_flight -= 1
        await answer.send(send, origin=origin)

    def remember_links(self, anonymous_ids: Iterable[str]) -> None:
        """These ids (with their prefix) are linked: what the state knew before this process."""
        for one in anonymous_ids:
            self.links.add(one.removeprefix(ANONYMOUS_PREFIX))

    def statistics(self) -> list[SourceStatistics]:
        """Counts of every source that has sent something, by name."""
        return self._door.statistics()

    def refused_without_source(self) -> dict[str, int]:
        """Posts that were refused before their source was known, by code."""
        return dict(self._door.refused_unknown)

    async def replay(self, letter_id: int) -> tuple[int, list[RejectedEvent]] | None:
        """Send a dead letter once more, as of its arrival, and keep of it what is still rejected.

        Returns: how many events were accepted, and those that were not; None when there is no
            such letter, its source is gone, or it is being replayed.
        Raises: OperationalError when nothing was accepted; the letter stays.
        """
        letter = self._letters.get(letter_id)
        source = None if letter is None else self._sources.by_name(letter.source)
        if letter is None or source is None or letter_id in self._replayed:
            return None
        claims = None
        if letter.viewer is not None:
            claims = ViewerClaims(source.namespace, letter.viewer, letter.room, letter.at)
        context = self._context(source, letter.at, claims, f"letter{letter_id}")
        self._replayed.add(letter_id)
        try:
            decoded = await _decoded_of(letter.route, letter.body, context)
            if decoded.problem is not None:
                why = decoded.problem
                return 0, [RejectedEvent(0, None, why.reason_code, why.detail)]
            if decoded.batch is not None:
                await self._submit(decoded.batch)
                self._letters.remove(letter_id)
                rest = letters_of(
                    decoded, source, at=letter.at, claims=claims, route=letter.route, body=b""
                )
                self._letters.keep(rest)
                self._note_links(decoded.batch)
        finally:
            self._replayed.discard(letter_id)
        return decoded.accepted, decoded.rejected

    # -- routes

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        handlers = self._handlers_of(request.path)
        if not handlers:
            self._door.refuse("not_found", "there is no such address here")
        if request.method == "OPTIONS":
            return preflight()
        handler = handlers.get(request.method)
        if handler is None:
            self._door.refuse("wrong_method", f"use {' or '.join(handlers)} here")
        if self._in_flight > self._door.limits.in_flight:
            self._door.refuse(
                "overloaded", "too many posts are waiting for the disk", retry_after_ms=1_000
            )
        return await handler(request, receive)

    def _handlers_of(self, path: str) -> Mapping[str, Handler]:
        known = self._handlers.get(path)
        if known is not None:
            return known
        match path.split("/")[1:]:
            case ["v1", "projects", _, "settings"]:
                return {"GET": self._settings}
            case ["ingest", "webhook", _]:
                return {"POST": self._webhook}
            case ["ingest", "webhook", _, "test"]:
                return {"GET": self._webhook_page, "POST": self._try_webhook}
            case _:
                return {}

    async def _segment(self, request: Request, receive: Receive) -> Answer:
        limits = self._door.limits
        post = await self._door.received(request, receive, most_bytes=limits.segment_body_bytes)
        return await self._decoded(post, SEGMENT_ROUTES[request.path], limits.segment_events)

    async def _events(self, request: Request, receive: Receive) -> Answer:
        route = native.ROUTE_BY_CONTENT.get(request.content_type)
        if route is None:
            known = ", ".join(kind for kind in native.ROUTE_BY_CONTENT if kind)
            self._door.refuse("unknown_content", f"the content type is one of {known}")
        post = await self._door.received(request, receive)
        if route == native.ARROW_ROUTE and post.source.key_class == "browser":
            self._door.refuse(
                "wrong_class", "a browser key sends JSON, not Arrow", source=post.source
            )
        return await self._decoded(post, route, post.limits.events)

    async def _webhook(self, request: Request, receive: Receive) -> Answer:
        post = await self._of_webhook(request, receive)
        try:
            webhook.mapping_of(post.source.mapping)
        except InputError as exc:
            refusal = Refusal("bad_mapping", exc.message)
            raise self._door.counted(refusal, post.source) from exc
        return await self._decoded(post, webhook.ROUTE, post.limits.events)

    async def _try_webhook(self, request: Request, receive: Receive) -> Answer:
        """A dry run: what would become of this body; nothing is kept."""
        post = await self._of_webhook(request, receive)
        self._door.charge(post, 1)
        body, mapping = post.body, post.source.mapping
        if request.content_type == webhook.TRIAL_CONTENT:
            body, given = webhook.trial_of(body)
            mapping = given or mapping
        context = self._context(post.source, post.now, None, "test")
        return Answer(200, webhook.dry_run(body, mapping, context))

    async def _webhook_page(self, _request: Request, _receive: Receive) -> Answer:
        """Where somebody tries a mapping by hand; it asks for the key."""
        return webhook_page.page()

    async def _of_webhook(self, request: Request, receive: Receive) -> Post:
        post = await self._door.received(request, receive)
        if post.source.name != request.path.split("/")[3]:
            self._door.refuse("unknown_key", "the write key is of another source")
        if post.source.key_class == "browser":
            self._door.refuse(
                "wrong_class", "a webhook needs a connector or server key", source=post.source
            )
        return post

    async def _metrics_beacon(self, request: Request, receive: Receive) -> Answer:
        """Figures that Segment's SDKs tell about themselves: taken and forgotten."""
        await self._door.body_of(request, receive, self._door.limits.segment_body_bytes)
        return Answer(200, {"success": True})

    async def _settings(self, request: Request, _receive: Receive) -> Answer:
        """What analytics.js asks for before it sends anything."""
        key = request.path.split("/")[3]
        source = self._sources.by_key(key)
        if source is None or source.key_class != "browser":
            self._door.refuse("not_found", "there is no such browser key")
        self._door.check_origin(request, source)
        host = request.text(b"host")
        sends_to = {"apiKey": key, "apiHost": f"{host}/v1", "protocol": request.scheme}
        return Answer(200, {"integrations": {"Segment.io": sends_to}})

    async def _mint(self, request: Request, receive: Receive) -> Answer:
        """A viewer token, for the server that has signed the viewer in."""
        post = await self._door.received(request, receive, most_bytes=_TOKEN_BODY_BYTES)
        if post.source.key_class != "server":
            self._door.refuse("wrong_class", "only a server key may do this", source=post.source)
        try:
            asked = token_request.read(post.body)
            _check_apart(asked.viewer, post.source)
            token, expires_at = self.tokens.mint(
                asked.viewer,
                namespace=post.source.namespace,
                room=asked.room,
                ttl_ms=asked.ttl_ms,
            )
        except InputError as exc:
            raise self._door.counted(Refusal("bad_json", exc.message), post.source) from exc
        return Answer(200, {"token": token, "expires_at": expires_at})

    async def _issue(self, request: Request, receive: Receive) -> Answer:
        """An anonymous id that this deployment knows again."""
        post = await self._door.received(request, receive, most_bytes=_TOKEN_BODY_BYTES)
        self._door.charge(post, 1)
        return Answer(200, {"anonymous_id": self.anonymous_ids.issue(post.source.namespace)})

    # -- the way of a post

    async def _decoded(self, post: Post, route: str, events: int) -> Answer:
        context = self._context(post.source, post.now, post.claims, secrets.token_hex(8), events)
        decoded = await _decoded_of(route, post.body, context)
        self._door.charge(post, decoded.accepted + len(decoded.rejected))
        if decoded.batch is not None:
            self._door.check_names(post, decoded.batch)
            await self._durable(post, decoded.batch)
        self._door.counters(post.source).note(decoded, post.now)
        is_kept = decoded.problem is None or not is_of_erased(post.body, context)
        if is_kept and (decoded.problem is not None or decoded.rejected):
            self._letters.keep(
                letters_of(
                    decoded,
                    post.source,
                    at=post.now,
                    claims=post.claims,
                    route=route,
                    body=post.body,
                    write_key=post.write_key,
                )
            )
        return _told(decoded)

    async def _durable(self, post: Post, batch: EventBatch) -> None:
        """Wait until the log has the batch.

        Raises: Refusal: it has not; the sender tries again.
        """
        try:
            await self._submit(batch)
        except Overloaded as exc:
            refusal = Refusal("overloaded", exc.message, retry_after_ms=exc.retry_after_ms)
            raise self._door.counted(refusal, post.source) from exc
        except OperationalError as exc:
            refusal = Refusal("not_durable", exc.message, retry_after_ms=_RETRY_ON_DISK_MS)
            raise self._door.counted(refusal, post.source) from exc
        self._note_links(batch)

    def _note_links(self, batch: EventBatch) -> None:
        """Only what is durable is remembered: a post that comes again must link again."""
        anonymous = batch.strings.get("viewer")
        if anonymous is None:
            return
        for row in np.flatnonzero(batch.type == _LINKED).tolist():
            viewer = anonymous.get(row)
            if viewer is not None and viewer.startswith(ANONYMOUS_PREFIX):
                self.links.add(viewer.removeprefix(ANONYMOUS_PREFIX))

    def _context(
        self,
        source: Source,
        arrival: int,
        claims: ViewerClaims | None,
        request: str,
        events: int | None = None,
    ) -> DecodeContext:
        limits = self._door.limits
        return DecodeContext(
            source=source,
            arrival=arrival,
            request=request,
            classify=self._classify,
            anonymous_ids=self.anonymous_ids,
            claims=claims,
            linked=LinkedOf(self.links, source.prefix) if source.prefix else self.links,
            erased=self._erased,
            event_bytes=limits.event_bytes,
            events=limits.of(source).events if events is None else events,
        )


def _check_apart(viewer: str, source: Source) -> None:
    """Refuse an id that would be too long with the prefix of its namespace.

    Raises: InputError
    """
    problem = id_problem(apart(viewer, source.prefix)) if viewer else None
    if problem is not None:
        raise InputError(f"the viewer id cannot be used ({problem})")


async def _decoded_of(route: str, body: bytes, context: DecodeContext) -> Decoded:
    """What a body became; a large one is decoded beside the event loop (decision record 0019)."""
    decode = DECODERS[route]
    if len(body) <= LARGE_BYTES:
        return decode(body, context)
    return await asyncio.to_thread(decode, body, context)


def _told(decoded: Decoded) -> Answer:
    """What the sender is told: each event that was not accepted, by its position."""
    if decoded.problem is not None:
        why = decoded.problem
        return Refusal(why.reason_code, why.detail).answer()
    rejected = [
        {
            "index": one.index,
            "message_id": one.message_id,
            "code": one.code,
            "detail": one.detail,
        }
        for one in decoded.rejected
    ]
    body: dict[str, object] = {
        "success": decoded.accepted > 0,
        "accepted": decoded.accepted,
        "rejected": rejected,
    }
    if decoded.accepted:
        return Answer(200, body)
    first = decoded.rejected[0]
    code = "nothing_accepted"
    return Answer(STATUS_BY_CODE[code], body | {"code": code, "message": first.detail})
