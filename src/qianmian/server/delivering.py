"""What was decided and is in the log goes to the pages of viewers, to the host, to follow-ups.

At most once to be seen, at least once to be sent: after a restart what still holds is published
again, and pages show an id once. Nothing is sent after its deadline, and nothing of a dry run.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Final, NamedTuple

from qianmian.errors import InputError, OperationalError
from qianmian.runtime.codes import claim_of
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.follow_ups import FollowUp
from qianmian.runtime.live import Live
from qianmian.server.issuing import Issuing, Order
from qianmian.server.prompts import Prompt
from qianmian.server.rules_page import RULES_PATH
from qianmian.server.still import holding_of
from qianmian.strategies.strategy import Step, Strategies, Strategy
from qianmian.strategies.templates import filled
from qianmian.vocabulary.decision import ACT, Decision
from qianmian.vocabulary.money import MINOR_DIGITS
from qianmian.vocabulary.offer import Coupon, Offer
from qianmian.vocabulary.product import Product
from qianmian.vocabulary.room_message import OfferShown, RoomMessage

IN_ROOM: Final = "in_room"
HOST: Final = "host"
FOLLOW_UP: Final = "follow_up"


class Outgoing(NamedTuple):
    """A decision with everything that its words are made of."""

    decision: Decision
    strategy: Strategy
    offer: Offer | None
    product: Product | None
    coupon: Coupon | None = None


class Delivery:
    """Publishes the steps of one channel; those of a room only while its session lasts.

    Args:
        deployment: whose decisions; `start` begins to listen to it.
        channel: `in_room`, `host`, `follow_up`.
        publish: called on the event loop; raises InputError for what cannot be shown.
        now: ms UTC.
        code_of: reads the code that goes with a decision, if the channel hands it on.
        issuing: where decisions wait whose code has to be made first; None: the channel tells
            nobody a code.

    Attributes:
        channel: as given.
        late: decisions that came to nothing because their deadline had passed.
        unfit: messages that no page may show, or whose code cannot be had.
        withdrawn: decisions that did not hold any more when they were to be sent.
    """

    def __init__(
        self,
        deployment: Deployment,
        channel: str,
        publish: Callable[[Outgoing], None],
        *,
        now: Callable[[], int],
        code_of: Callable[[Decision], Awaitable[str | None]] | None = None,
        issuing: Issuing | None = None,
    ) -> None:
        self._code_of = code_of
        self._issuing = issuing
        self._deployment = deployment
        self.channel = channel
        self._publish = publish
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._sending: set[asyncio.Future[None]] = set()
        self.late = 0
        self.unfit = 0
        self.withdrawn = 0

    async def start(self) -> None:
        """Publish what was decided and still holds, and whatever is decided from now on."""
        self._deployment.tell_decisions(self._decided)
        self._begin(await self._deployment.lately_decided())

    def _decided(self, decisions: Sequence[Decision]) -> None:
        """On the engine's thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended: the next start sends it
            self._loop.call_soon_threadsafe(self._begin, decisions)

    def _begin(self, decisions: Iterable[Decision]) -> None:
        sent = [one for one in decisions if is_for(self.channel, one)]
        if sent:
            task = asyncio.ensure_future(self._send(sent))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, decisions: Sequence[Decision]) -> None:
        """What they say is read when they are sent; what does not hold any more is not sent."""

        def read(live: Live) -> tuple[Strategies, dict[str, Product], set[str]]:
            products = {one.id: one for one in live.products}
            return live.decider.rules, products, holding_of(live, self.channel, decisions)

        rules, products, holding = await self._deployment.ask(read)
        strategies = {one.key: one for one in rules.strategies}
        offers = {one.key: one for one in rules.offers}
        for one in decisions:
            if one.id not in holding:
                self.withdrawn += 1
                continue
            strategy = strategies[one.strategy]
            if one.deadline_at <= self._now():
                self.late += 1
                continue
            offer = None if one.offer is None else offers.get(one.offer)
            product = None if one.key is None else products.get(one.key)
            try:
                coupon, is_ready = await self._coupon(one, offer)
                if is_ready:
                    self._publish(Outgoing(one, strategy, offer, product, coupon))
            except (InputError, OperationalError):
                self.unfit += 1

    async def _coupon(self, decision: Decision, offer: Offer | None) -> tuple[Coupon | None, bool]:
        """What goes with a decision, and whether it can go now; nothing is promised without it.

        Raises: InputError where there is none; OperationalError.
        """
        if self._issuing is not None and offer is not None and offer.is_issued:
            coupon = await self._issuing.coupon(decision)
            if coupon is None:  # it comes back with its code
                go_on = partial(self._begin, (decision,))
                self._issuing.take(Order(decision, offer, self.channel, go_on))
            return coupon, coupon is not None
        if self._code_of is None or decision.code is None:
            return None, True
        code = await self._code_of(decision)
        if code is None:
            raise InputError(f"the code of the decision {decision.id} cannot be had")
        return Coupon(code), True


def is_for(channel: str, decision: Decision) -> bool:
    """Whether a channel is the one that is to be tried because of a decision."""
    is_first = decision.channels[:1] == (channel,)
    return decision.outcome == ACT and not decision.is_rehearsal and is_first


def is_for_room(decision: Decision) -> bool:
    """Whether something is to be shown in the room because of it."""
    return is_for(IN_ROOM, decision)


def prompt_of(sent: Outgoing, currency: str) -> Prompt:
    """What the host reads: no name of anybody, and nothing that a viewer wrote."""
    decision, strategy, offer, product, _ = sent
    step = strategy.steps[decision.step]
    values = values_of(offer, product, currency)
    return Prompt(
        id=decision.id,
        room=decision.room,
        at=decision.at,
        deadline_at=decision.deadline_at,
        title=filled(step.title, values, HOST),
        body=filled(step.body, values, HOST),
        product=None if product is None else product.title,
        link_number=None if product is None else product.link_number,
        why=_why(strategy, step),
        priority=strategy.priority,
        viewers=0 if decision.viewer is None else 1,
    )


def follow_up_of(sent: Outgoing, currency: str) -> FollowUp:
    """What customer service reads: whom to write to, with what, why, and until when.

    Raises: InputError where there is nobody to write to.
    """
    decision, strategy, offer, product, _ = sent
    if decision.viewer is None:
        raise InputError("a follow-up is about one viewer")
    step = strategy.steps[decision.step]
    values = values_of(offer, product, currency)
    return FollowUp(
        id=decision.id,
        viewer=decision.viewer,
        room=decision.room,
        at=max(decision.at, decision.not_before),
        deadline_at=decision.deadline_at,
        strategy=strategy.key,
        version=strategy.version,
        names=dict(strategy.title),
        moment=decision.moment,
        product=None if product is None else product.title,
        link_number=None if product is None else product.link_number,
        title=filled(step.title, values, FOLLOW_UP),
        body=filled(step.body, values, FOLLOW_UP),
        offer=None if offer is None else offer.title,
        value_minor=strategy.value_minor or _at_stake(product),
        priority=strategy.priority,
        claim=claim_of(decision, is_issued=offer is not None and offer.is_issued),
    )


def _at_stake(product: Product | None) -> int:
    """What would be lost, where the strategy does not say what it is expected to bring."""
    return 0 if product is None else product.price_minor or 0


def card_of(
    decision: Decision,
    strategy: Strategy,
    offer: Offer | None,
    product: Product | None,
    coupon: Coupon | None,
    currency: str,
    *,
    public_url: str = "",
) -> RoomMessage:
    """What a page shows."""
    step = strategy.steps[decision.step]
    values = values_of(offer, product, currency)
    return RoomMessage(
        id=decision.id,
        room=decision.room,
        viewer=decision.viewer,
        kind="card" if decision.viewer is not None else "notice",
        at=decision.at,
        expires_at=decision.deadline_at,
        title=filled(step.title, values, IN_ROOM),
        body=filled(step.body, values, IN_ROOM),
        offer=None if offer is None else _shown(offer, coupon, decision, currency, public_url),
        action_label=step.action_label,
        action_url=link_of(step, coupon),
        is_ad=True,
        why=_why(strategy, step),
    )


def link_of(step: Step, coupon: Coupon | None) -> str:
    """Where the button of a step leads: to where the coupon is used, if its system said so."""
    is_led = coupon is not None and coupon.url and step.action_label
    return coupon.url if coupon is not None and is_led else step.action_url


def values_of(offer: Offer | None, product: Product | None, currency: str) -> dict[str, str]:
    """What the slots of a text stand for."""
    values: dict[str, str] = {}
    if product is not None:
        values["product"] = product.title
        values["brand"] = product.brand or ""
        if product.link_number is not None:
            values["link_number"] = str(product.link_number)
        if product.price_minor is not None:
            values["price"] = _money(product.price_minor, currency)
        if product.selling_points:
            values["selling_point"] = product.selling_points[0]
    if offer is not None:
        values["offer"] = offer.title
        values["offer_amount"] = _money(offer.amount_minor, currency)
    return values


def _money(minor: int, currency: str) -> str:
    digits = MINOR_DIGITS[currency]
    whole, part = divmod(minor, 10**digits)
    return f"{whole}.{part:0{digits}}" if part else str(whole)


def _shown(
    offer: Offer, coupon: Coupon | None, decision: Decision, currency: str, public_url: str
) -> OfferShown:
    told = (offer.valid_until, None if coupon is None else coupon.valid_until)
    ends = [one for one in told if one is not None]
    if offer.valid_for_ms is not None:
        ends.append(decision.at + offer.valid_for_ms)
    return OfferShown(
        key=offer.key,
        title=offer.title,
        amount_minor=offer.amount_minor,
        currency=currency,
        code=None if coupon is None else coupon.code,
        rules_url=f"{public_url}{RULES_PATH}{offer.key}",
        valid_until=min(ends, default=0),
    )


def _why(strategy: Strategy, step: Step) -> str:
    """For whom it is, as the shop says it; the reason of a strategy is for those who approve it."""
    return strategy.title.get("zh") or strategy.title.get("en") or step.title
