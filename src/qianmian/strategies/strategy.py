"""A strategy as data: moment or schedule x segments x conditions -> intervention, under limits.

What an operator writes. `compiling.py` turns the first half into a definition that the engine
watches; `deciding.py` carries out the second. A version never changes; its mode does.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from qianmian.vocabulary.offer import Count, Key, Offer, Title
from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

Mode = Literal["draft", "dry_run", "approval", "ramp", "full", "paused", "ended"]
RUNNING: Final[tuple[Mode, ...]] = ("dry_run", "ramp", "full")
"""In these modes a strategy decides."""

ChannelKind = Literal[
    "in_room", "host", "follow_up", "webhook", "push", "email", "sms", "wechat", "bot"
]
"""Kinds of channels, as steps name them."""

STAFF: Final[frozenset[str]] = frozenset({"host", "follow_up", "bot"})
"""They reach somebody of the shop, who then speaks to the viewer."""
IN_SESSION: Final[frozenset[str]] = frozenset({"in_room", "host"})
"""Never after the session has ended; and quiet hours do not hold: the viewer is here."""

DEADLINE_MS: Final[dict[str, int]] = {
    "in_room": 60 * SECOND_MS,
    "host": 90 * SECOND_MS,
    "follow_up": 10 * MINUTE_MS,
    "webhook": 10 * MINUTE_MS,
    "push": 10 * MINUTE_MS,
    "email": 24 * HOUR_MS,
    "sms": 10 * MINUTE_MS,
    "wechat": 10 * MINUTE_MS,
    "bot": 10 * MINUTE_MS,
}
"""How long after its decision each may still be delivered (SEMANTICS, DEADLINES)."""

Share = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
"""Parts of ten thousand."""
Span = Annotated[int, msgspec.Meta(ge=0, le=90 * DAY_MS)]
Words = Annotated[str, msgspec.Meta(max_length=500)]


class Step(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One way to reach the viewer; a later one is tried where the ones before did not.

    Attributes:
        title, body: templates (`templates.py`).
        action_label, action_url: a button; "" is none.
        deadline_ms: since it goes; None: as usual for the channel.
        wait_ms: since it goes, after which the next step may go; None: `deadline_ms`.
        wait_for: an event of the viewer: the next step goes unless this came before `wait_ms` was
            over, whether this step reached or not; "": the next goes unless this step reached.
    """

    channel: ChannelKind
    title: Words = ""
    body: Words = ""
    action_label: Annotated[str, msgspec.Meta(max_length=20)] = ""
    action_url: Annotated[str, msgspec.Meta(max_length=500)] = ""
    deadline_ms: Span | None = None
    wait_ms: Annotated[int, msgspec.Meta(ge=SECOND_MS, le=7 * DAY_MS)] | None = None
    wait_for: Annotated[str, msgspec.Meta(max_length=48)] = ""

    @property
    def lasts_ms(self) -> int:
        """How long after it goes it may still be delivered."""
        return DEADLINE_MS[self.channel] if self.deadline_ms is None else self.deadline_ms

    @property
    def waits_ms(self) -> int:
        """How long after it goes the next step waits."""
        return self.lasts_ms if self.wait_ms is None else self.wait_ms


class Schedule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """When a strategy acts by the clock; exactly one of these (decision 0045).

    Attributes:
        after_ms: so long after the session of a room started, once in each; for who is there.
        every_ms: again and again so long after that.
        daily: at this time of day of the shop's zone, "20:00"; for everybody, here or not.
        before_ms: so long before the announced start of a session (`session_scheduled`); for
            everybody who is not in that room.
    """

    after_ms: Annotated[int, msgspec.Meta(ge=SECOND_MS, le=DAY_MS)] | None = None
    every_ms: Annotated[int, msgspec.Meta(ge=SECOND_MS, le=DAY_MS)] | None = None
    daily: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    before_ms: Annotated[int, msgspec.Meta(ge=SECOND_MS, le=7 * DAY_MS)] | None = None

    @property
    def is_of_session(self) -> bool:
        """Whether its instants lie in a session of a room, and concern who is there."""
        return self.after_ms is not None or self.every_ms is not None

    @property
    def said(self) -> int:
        """How many of the four are said; one is right."""
        given = (self.after_ms, self.every_ms, self.daily, self.before_ms)
        return sum(one is not None for one in given)


class Limits(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What one strategy may do; the limits of the shop hold beside them.

    Attributes:
        per_session, per_day: for one person; None: only the shop's.
        per_room_session: in one session of a room, whoever it is for.
        room_apart_ms: between two in one room: a host can say only so much.
        budget_minor: for all that its offers can cost, minor units of the shop's currency.
    """

    per_session: Count | None = 1
    per_day: Count | None = None
    per_room_session: Count | None = None
    room_apart_ms: Span = 0
    budget_minor: Count | None = None


class Goal(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """By what it is measured: an event of the viewer within a time after the decision.

    Attributes:
        within: "session": until the session of the decision ends, and `within_ms` says nothing.
    """

    event: str = "order_paid"
    within_ms: Annotated[int, msgspec.Meta(ge=SECOND_MS, le=30 * DAY_MS)] = DAY_MS
    within: Literal["", "session"] = ""

    @property
    def window_ms(self) -> int:
        """How long after the decision it counts; 0: until the session ends."""
        return 0 if self.within else self.within_ms


class Tolerance(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Harms at which a strategy stops by itself (`strategies.harms`, decision 0053).

    So many more of the treated than of the control may do it, of ten thousand people; None: it is
    not watched.

    Attributes:
        missed: so many fewer may reach the goal.
        left: leave the room.
        dismissed: dismiss a message.
        refunded: get money back.
        unsubscribed: want no more messages.
        complained: complain (`complaint_made`, which customer service or a platform tells).
    """

    missed: Share | None = 0
    left: Share | None = 200
    dismissed: Share | None = 3_000
    refunded: Share | None = 200
    unsubscribed: Share | None = 100
    complained: Share | None = 100


class Strategy(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One version of a strategy.

    Attributes:
        reason: why the shop does this, in a sentence for those who approve it.
        moment: key of the moment at whose firing it decides; "": it has a schedule.
        schedule: when it decides by the clock about whoever is in `whom` then.
        whom: segments, all of which must hold then.
        conditions: text of the condition language that must hold then, too; "": none.
        steps: the ways to reach the viewer, the best first.
        deadline_ms: since the decision; no step goes or is delivered later. None: as long as the
            steps take.
        offer: key of the offer that goes with it; None: none.
        priority: of several that could act on one viewer at one instant the highest does.
        value_minor: what one intervention is expected to bring; decides between equal priorities.
        control: share of viewers who get nothing, so that its effect can be measured.
        why_no_control: must be said where `control` is 0.
        ramp: share of viewers it begins with.
        tolerance: harms at which it stops by itself.
    """

    key: Key
    steps: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=5)]
    moment: str = ""
    schedule: Schedule | None = None
    version: Annotated[int, msgspec.Meta(ge=1)] = 1
    title: dict[Literal["zh", "en"], Title] = {}
    reason: Words = ""
    whom: Annotated[tuple[str, ...], msgspec.Meta(max_length=10)] = ()
    conditions: Annotated[str, msgspec.Meta(max_length=4_000)] = ""
    deadline_ms: Span | None = None
    offer: str | None = None
    limits: Limits = Limits()
    priority: Annotated[int, msgspec.Meta(ge=0, le=100)] = 50
    value_minor: Count = 0
    control: Share = 1_000
    why_no_control: Words = ""
    ramp: Share = 1_000
    goal: Goal = Goal()
    tolerance: Tolerance = Tolerance()
    mode: Mode = "draft"

    @property
    def is_running(self) -> bool:
        """Whether it decides."""
        return self.mode in RUNNING

    @property
    def is_rehearsal(self) -> bool:
        """Whether it decides and sends nothing."""
        return self.mode == "dry_run"

    @property
    def lasts_ms(self) -> int:
        """How long after its instant a schedule may still be decided, if nobody could before."""
        longest = max(step.lasts_ms for step in self.steps)
        return longest if self.deadline_ms is None else min(longest, self.deadline_ms)


class Guardrails(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The limits of a shop, over all rooms, strategies and channels (SEMANTICS, LIMITS).

    Attributes:
        per_session: interventions for one person in one session of a room.
        apart_ms: between two for one person.
        per_day: for one person on a calendar day of the shop's zone.
        quiet_from, quiet_until: minutes of the day of the shop's zone; equal: no quiet hours.
        holdout: share of viewers who get nothing personalized from any strategy (留白组).
        is_stopped: the red switch.
    """

    per_session: Count = 2
    apart_ms: Span = 3 * MINUTE_MS
    per_day: Count = 4
    quiet_from: Annotated[int, msgspec.Meta(ge=0, lt=1440)] = 22 * 60
    quiet_until: Annotated[int, msgspec.Meta(ge=0, lt=1440)] = 8 * 60
    holdout: Share = 500
    why_no_holdout: Words = ""
    is_stopped: bool = False


class Strategies(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Everything that decides: as a whole it enters the log.

    Attributes:
        codes: how many codes were uploaded for an offer, by its key; they are in the database.
        off: channels for which the installation has no settings; no step goes over them.
    """

    strategies: tuple[Strategy, ...] = ()
    offers: tuple[Offer, ...] = ()
    guardrails: Guardrails = Guardrails()
    codes: dict[str, Count] = {}
    off: tuple[ChannelKind, ...] = ()
