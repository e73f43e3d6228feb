"""One server over one installation: the parts made, joined, run, and ended in the right order."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import metadata
from typing import NamedTuple

from qianmian.bootstrap import load_classifier
from qianmian.bootstrap.addresses import addresses_of
from qianmian.bootstrap.catalogs import load_moments, load_tags
from qianmian.bootstrap.channels import Parts, channels_of, coupons_of
from qianmian.bootstrap.installation import Installation, check_together
from qianmian.bootstrap.retention import retention_of
from qianmian.channels.channel import Channel
from qianmian.channels.egress import Egress
from qianmian.channels.unsubscribe import Unsubscribe
from qianmian.errors import LogUnavailable
from qianmian.runtime.definition_desk import DefinitionDesk
from qianmian.runtime.following import Following
from qianmian.runtime.outbox import Parcel
from qianmian.runtime.person_desk import PersonDesk
from qianmian.server.app import NO_MORE
from qianmian.server.asgi import App
from qianmian.server.codes import CodeDesk
from qianmian.server.console import ConsoleApp, bundled_console
from qianmian.server.counts import FiredToday, LevelCounts
from qianmian.server.decided import DecidedLately
from qianmian.server.delivering import (
    FOLLOW_UP,
    HOST,
    IN_ROOM,
    Delivery,
    Outgoing,
    card_of,
    follow_up_of,
    prompt_of,
)
from qianmian.server.fact_following import FactFollowing
from qianmian.server.follow_ups import FollowUpDesk
from qianmian.server.guarding import Guarding
from qianmian.server.identity_following import IdentityFollowing
from qianmian.server.ingest.app import IngestApp
from qianmian.server.ingest.limits import Limits
from qianmian.server.issuing import Issuer, Issuing, Order, may_go
from qianmian.server.measuring import Measurer
from qianmian.server.outbox import Outbox, Stranded
from qianmian.server.parcels import parcel_of
from qianmian.server.previewing import Previewer
from qianmian.server.prompts import HostPrompts
from qianmian.server.room_lists import RoomLists
from qianmian.server.site import Site
from qianmian.server.start import Running, running, serve, server_of
from qianmian.server.still import still_holding
from qianmian.server.stocking import Stocking
from qianmian.server.strategy_desk import StrategyDesk
from qianmian.server.trials import TrialDesk
from qianmian.server.viewers.app import Viewers
from qianmian.server.withdrawing import Withdrawals, from_host, from_pages
from qianmian.storage.fired import Fired, fired_since
from qianmian.storage.history_person import PastReader
from qianmian.storage.profile_file import StoredProfiles
from qianmian.strategies.minors import named_in_lists
from qianmian.vocabulary.firing import Firing

Publish = Callable[[Outgoing], None]


class Outlets(NamedTuple):
    """Where decisions become words: pages of viewers, the host's, customer service's."""

    viewers: Viewers
    prompts: HostPrompts
    follow_ups: FollowUpDesk
    outboxes: tuple[Outbox, ...]
    stranded: Stranded
    room_lists: RoomLists
    codes: CodeDesk
    withdrawals: Withdrawals
    issuing: Issuing
    deliveries: tuple[Delivery, ...] = ()

    def followers(self) -> tuple[Following, ...]:
        """Those whose problems the page of data health shows."""
        mine = self.follow_ups, self.room_lists, self.withdrawals, self.issuing, self.stranded
        return (*mine, *self.outboxes)


async def run_server(
    home: Installation,
    bound: socket.socket,
    *,
    now: Callable[[], int],
    until: asyncio.Event | None = None,
    on_ready: Callable[[Site], Awaitable[None]] | None = None,
    limits: Limits | None = None,
    on_firings: Callable[[Sequence[Firing]], None] = lambda _: None,
    more: Mapping[str, App] = NO_MORE,
) -> None:
    """Serve a recovered installation until a signal, or until `until` is set.

    On the way out nothing is lost: open requests end, the log is written, the engine follows it,
    a snapshot is kept.

    Args:
        home: opened; its deployment is recovered.
        bound: where to listen.
        on_ready: called when requests are answered.
        on_firings: told what fires, on the engine's thread.
        more: further applications, by the first part of their path.
    """

    def received() -> int:
        """The clock of the log: it stands still where the machine's goes back."""
        return max(now(), home.log.last_clock)

    minors = home.settings.minors
    async with running(home.deployment, now=now, on_firings=on_firings, minors=minors) as parts:
        ingest = ingest_of(home, received, limits)
        viewers = viewers_of(home, ingest, received)
        outlets = await begin_deciding(
            home, viewers, received, outboxes_of(home, received), coupons_of(home.settings)
        )
        ingest.remember_links(await home.deployment.ask(lambda live: live.views.linked))
        desk = desk_of(home)
        strategies = StrategyDesk(
            home.strategy_store, home.strategies, desk, home.deployment, home.codes, home.gates
        )
        stocking = Stocking(home.catalog, home.deployment)
        askers = askers_of(home, now)
        facts = facts_of(home)
        persons = home.persons.desk(home.deployment, home.settings.namespace)
        who = IdentityFollowing(home.settings.home / "history", home.identities)
        followers = (desk, stocking, facts, persons, who, strategies)
        site = site_of(home, parts, ingest, outlets, followers, askers, now)

        async def ready() -> None:
            if on_ready is not None:
                await on_ready(site)

        console = ConsoleApp(bundled_console())
        app = server_of(site, parts, ingest=ingest, live=viewers, console=console, more=more)
        following = [_followed(one) for one in (*followers, *outlets.followers())]
        following.append(_kept_up(viewers.keep_going(), "viewers"))
        following.append(_followed(Guarding(strategies, site.measurer)))
        try:
            await serve(app, bound, until=until, on_listening=ready)
        finally:
            for one in following:
                one.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            await asyncio.to_thread(_close, *askers, site.trials)


def _followed(one: Following) -> asyncio.Task[None]:
    return _kept_up(one.keep_following(), type(one).__name__)


def _kept_up(work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
    """Something that goes on until it is cancelled; the log of the process says if it does not."""

    def ended(task: asyncio.Task[None]) -> None:
        problem = None if task.cancelled() else task.exception()
        if problem is not None:
            logging.getLogger(__name__).error("%s has ended", name, exc_info=problem)

    task = asyncio.create_task(work)
    task.add_done_callback(ended)
    return task


def viewers_of(home: Installation, ingest: IngestApp, now: Callable[[], int]) -> Viewers:
    """The viewers' side, which believes the tokens and the ids that ingest gives out."""
    return Viewers(
        ingest.tokens,
        ingest.anonymous_ids,
        prefixes=home.sources.prefixes,
        submit=home.deployment.submit,
        now=now,
        erased=home.persons.refusals,
        origins=home.settings.pages,
    )


def facts_of(home: Installation) -> FactFollowing:
    """Follows the builds of history of an installation."""
    folder, namespace = home.settings.home / "facts", home.settings.namespace
    return FactFollowing(folder, home.deployment, home.lists, home.persons.refusals, namespace)


def desk_of(home: Installation) -> DefinitionDesk:
    """Where the definitions of an installation are changed."""
    return DefinitionDesk(
        home.versions,
        home.deployment,
        home.built_in,
        check_together,
        home.lists.newest,
        zone=home.settings.zone,
        watched=home.strategies.watched,
    )


async def begin_deciding(
    home: Installation,
    viewers: Viewers,
    now: Callable[[], int],
    outboxes: tuple[Outbox, ...],
    issuer: Issuer | None = None,
) -> Outlets:
    """The strategies of the installation decide, and what they decide goes where it should."""
    deployment, currency = home.deployment, home.settings.currency
    codes = CodeDesk(home.codes, home.issued, deployment)
    prompts = HostPrompts(codes.settle, now)
    outlets = Outlets(
        viewers,
        prompts,
        FollowUpDesk(home.follow_ups, deployment, home.persons.refusals.has, now, codes.settle),
        outboxes,
        Stranded(
            home.outbox.beside([one.channel.name for one in outboxes]),
            codes.settle_sent,
            home.persons.refusals.has,
        ),
        RoomLists(home.room_lists, deployment.ask, viewers.hub, currency, now),
        codes,
        _withdrawals(home, viewers, prompts, codes, now),
        _issuing(home, issuer, codes, now),
    )
    viewers.hub.before_join = outlets.withdrawals.check_page
    viewers.hub.before_forget = outlets.withdrawals.refuse

    def to_viewers(sent: Outgoing) -> None:
        outlets.viewers.hub.publish(card_of(*sent, currency, public_url=home.settings.public_url))
        outlets.withdrawals.note(IN_ROOM, sent.decision)

    def to_host(sent: Outgoing) -> None:
        outlets.prompts.take(prompt_of(sent, currency))
        outlets.withdrawals.note(HOST, sent.decision)

    def to_service(sent: Outgoing) -> None:
        outlets.follow_ups.take(follow_up_of(sent, currency))

    ways: dict[str, Publish] = {IN_ROOM: to_viewers, HOST: to_host, FOLLOW_UP: to_service}
    ways |= {one.channel.name: into(one, currency) for one in outlets.outboxes}
    carrying = {IN_ROOM, *(one.channel.name for one in outboxes if one.channel.carries_codes)}
    deliveries = tuple(
        Delivery(
            deployment,
            channel,
            publish,
            now=now,
            code_of=codes.of if channel in carrying else None,
            issuing=outlets.issuing if channel in {*carrying, FOLLOW_UP} else None,
        )
        for channel, publish in ways.items()
    )
    for one in deliveries:
        await one.start()
    if await deployment.ask(lambda live: live.decider.rules) != home.strategies.rules:
        await deployment.decide_by(home.strategies.rules, home.definitions)
    return outlets._replace(deliveries=deliveries)


def _withdrawals(
    home: Installation,
    viewers: Viewers,
    prompts: HostPrompts,
    codes: CodeDesk,
    now: Callable[[], int],
) -> Withdrawals:
    ways = {IN_ROOM: from_pages(viewers.hub), HOST: from_host(prompts)}
    gone = home.persons.refusals.has
    return Withdrawals(home.deployment, ways, codes.settle, erased=gone, now=now)


def _issuing(
    home: Installation, issuer: Issuer | None, codes: CodeDesk, now: Callable[[], int]
) -> Issuing:
    async def holding(orders: Sequence[Order]) -> tuple[set[str], set[str]]:
        return await home.deployment.ask(lambda live: may_go(live, orders))

    return Issuing(
        home.issued,
        issuer,
        holding,
        codes.settle_sent,
        erased=home.persons.refusals.has,
        now=now,
        currency=home.settings.currency,
    )


def outboxes_of(
    home: Installation, now: Callable[[], int], channels: Sequence[Channel] | None = None
) -> tuple[Outbox, ...]:
    """What sends over the channels that the settings name.

    Args:
        channels: in place of those of the settings.

    Raises: InputError for an address or a secret that cannot be used.
    """
    profiles = StoredProfiles(home.settings.home / "profiles")
    parts = Parts(
        Egress(allow_private=home.settings.egress_private),
        addresses_of(home.identities, profiles),
        Unsubscribe(home.secret, home.settings.namespace),
    )
    named = channels_of(home.settings, parts) if channels is None else channels
    return tuple(_outbox_of(home, one, now) for one in named)


def _outbox_of(home: Installation, channel: Channel, now: Callable[[], int]) -> Outbox:
    deployment, name = home.deployment, channel.name

    async def holding(parcels: Sequence[Parcel]) -> set[str]:
        return await deployment.ask(lambda live: still_holding(live, name, parcels))

    settle = CodeDesk(home.codes, home.issued, deployment).settle_sent
    erased = home.persons.refusals.has
    return Outbox(
        home.outbox.of(name),
        channel,
        holding,
        settle,
        gate=home.gates,
        erased=erased,
        now=now,
    )


def ingest_of(home: Installation, now: Callable[[], int], limits: Limits | None) -> IngestApp:
    """Where events of an installation come in."""
    return IngestApp(
        sources=home.sources,
        submit=home.deployment.submit,
        dead_letters=home.dead_letters,
        clock=now,
        classify=load_classifier().classify_many,
        secret=home.secret,
        limits=limits,
        erased=home.persons.refusals,
    )


def into(outbox: Outbox, currency: str) -> Callable[[Outgoing], None]:
    """What is decided for a channel goes into its outbox."""
    return lambda sent: outbox.take(parcel_of(sent, outbox.channel, currency))


def askers_of(home: Installation, now: Callable[[], int]) -> tuple[Previewer, Measurer]:
    """Both ask the history of an installation, each on its own thread."""
    folder = home.settings.home / "history"
    zone, lists = home.settings.zone, home.lists.newest
    flushed = partial(_flush, home)
    return (
        Previewer(
            folder, zone, home.products, now, flushed, lists, named_in_lists(home.settings.minors)
        ),
        Measurer(folder, zone, home.products, now, flushed, lists, shop=home.settings.namespace),
    )


def _close(*parts: Previewer | Measurer | TrialDesk) -> None:
    for one in parts:
        one.close()


def _flush(home: Installation) -> None:
    """Write what history was told and has not written."""
    with suppress(LogUnavailable):  # then it tells what it has; data health shows the problem
        home.history.flush_before(home.log.durable_offset)


def _fired(home: Installation, since_ms: int) -> Fired:
    _flush(home)
    return fired_since(home.written, since_ms)


def _decided(home: Installation, now: Callable[[], int]) -> DecidedLately:
    """Hears what is decided from now on."""
    has_gone = home.persons.refusals.has
    found = DecidedLately(home.written, lambda: _flush(home), home.settings.zone, now, has_gone)
    home.deployment.tell_decisions(found.hear)
    return found


def site_of(
    home: Installation,
    parts: Running,
    ingest: IngestApp,
    outlets: Outlets,
    followers: tuple[
        DefinitionDesk, Stocking, FactFollowing, PersonDesk, IdentityFollowing, StrategyDesk
    ],
    askers: tuple[Previewer, Measurer],
    now: Callable[[], int],
) -> Site:
    """What the routes work with."""
    desk, stocking, facts, *_, strategies = followers
    decided = _decided(home, now)
    return Site(
        deployment=home.deployment,
        log=home.log,
        hub=parts.hub,
        **outlets._asdict(),
        unsubscribe=Unsubscribe(home.secret, home.settings.namespace),
        desk=desk,
        strategies=strategies,
        trials=TrialDesk(home, strategies, desk, lambda: _flush(home)),
        previewer=askers[0],
        measurer=askers[1],
        levels=LevelCounts(home.deployment, now),
        fired_today=FiredToday(lambda since: _fired(home, since), home.settings.zone, now),
        decided=decided,
        followers=(*followers, *outlets.followers()),
        accounts=home.accounts,
        staff=home.staff,
        api_keys=home.api_keys,
        room_links=home.room_links,
        code_store=home.codes,
        gates=home.gates,
        issued=home.issued,
        spending=home.spending,
        audit=home.audit,
        identities=home.identities,
        profiles=StoredProfiles(home.settings.home / "profiles"),
        pasts=PastReader(home.settings.home / "history"),
        products=home.catalog,
        stocking=stocking,
        lists=home.lists,
        facts=facts,
        movements=parts.movements,
        sources=home.sources,
        dead_letters=home.dead_letters,
        persons=home.persons,
        ingest=ingest,
        now=now,
        version=metadata.version("qianmian"),
        tags=load_tags(),
        moments=load_moments(),
        fired=parts.fired,
        zone=home.settings.zone,
        currency=home.settings.currency,
        lateness_ms=home.settings.lateness_ms,
        minors=home.settings.minors,
        retention=retention_of(home.settings),
    )
