"""Instances of absences and of views: armed by an A, cancelled, due, fired."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.oracle.events import Entry

MAX_INSTANCES = 8


@dataclass
class Instance:
    """One A that waits for its time.

    Attributes:
        entry: the A.
        key: product, category or None.
        armed: the clock at which A arrived.
        cancel: the least event time of a canceller after A by order, of those that have arrived.
        fired: its time came and it was not cancelled.
    """

    entry: Entry
    key: str | None
    armed: int
    cancel: int | None = None
    fired: bool = False

    @property
    def product(self) -> str | None:
        return self.entry.event.get("product")

    @property
    def page_id(self) -> str | None:
        return self.entry.event.get("page_id")

    def due(self, wanted_ms: int) -> int:
        """A + T."""
        return self.entry.event_time + wanted_ms

    def turn(self, wanted_ms: int, wait_ms: int) -> int:
        """The instant at which it is decided."""
        return max(self.due(wanted_ms) + wait_ms, self.armed)


@dataclass
class InstanceSlot:
    """The instances of one node in one row.

    Attributes:
        is_view: a fired view stays until a canceller arrives; a fired absence is over.
        wanted_ms, wait_ms: T and the wait of the node, as they are now.
        firing: what fired at the instant that is being judged.
        over: fired absences, kept to count what contradicts them.
    """

    is_view: bool
    wanted_ms: int
    wait_ms: int
    instances: list[Instance] = field(default_factory=list)
    firing: list[Instance] = field(default_factory=list)
    over: list[Instance] = field(default_factory=list)
    overflow: int = 0
    contradicted: int = 0

    def arm(self, instance: Instance) -> None:
        """Every A arms one of its own; beyond eight the least by order goes."""
        self.instances.append(instance)
        self._drop_settled()
        self._keep_bound()

    def _keep_bound(self) -> None:
        self.instances.sort(key=lambda instance: instance.entry.order)
        while len(self.instances) > MAX_INSTANCES:
            del self.instances[0]
            self.overflow += 1

    def cancel(self, instance: Instance, event_time: int) -> None:
        """A canceller arrives."""
        if event_time < instance.entry.event_time:
            return  # by order before its A (an equal time arrived later, so it lies after)
        due = instance.due(self.wanted_ms)
        if instance.fired and event_time <= due and (instance.cancel or due + 1) > due:
            self.contradicted += 1
        if instance.cancel is None or event_time < instance.cancel:
            instance.cancel = event_time
        self._drop_settled()

    def _drop_settled(self) -> None:
        """Forget what can never fire (again)."""
        self.instances = [one for one in self.instances if not self._is_settled(one)]

    def _is_settled(self, one: Instance) -> bool:
        if one.cancel is None:
            return False
        return one.fired or one.cancel <= one.due(self.wanted_ms)

    def fire_due(self, now: int) -> None:
        """The timers of this instant."""
        for one in self.instances:
            if one.fired or one.turn(self.wanted_ms, self.wait_ms) > now:
                continue
            one.fired = True  # whatever was cancelled in time has been forgotten already
            self.firing.append(one)
        if not self.is_view:
            self.over += [one for one in self.instances if one.fired]
            self.instances = [one for one in self.instances if not one.fired]

    def settle(self) -> bool:
        """The instant has been judged; whether a view was true for this instant only."""
        self.firing = []
        before = len(self.instances)
        self._drop_settled()
        return len(self.instances) < before

    def next_turn(self) -> list[int]:
        return [one.turn(self.wanted_ms, self.wait_ms) for one in self.instances if not one.fired]

    @property
    def is_armed(self) -> bool:
        return any(not one.fired for one in self.instances)

    def retime(self, wanted_ms: int, wait_ms: int, clock: int) -> int:
        """New numbers; returns how many are already past and therefore superseded."""
        self.wanted_ms, self.wait_ms = wanted_ms, wait_ms
        for one in self.instances:
            if one.fired and one.turn(wanted_ms, wait_ms) >= clock:
                one.fired = False  # a view that has not been open for the new, longer T
        self._drop_settled()
        waiting = [one for one in self.instances if not one.fired]
        past = [one for one in waiting if one.turn(wanted_ms, wait_ms) < clock]
        for one in past:
            if self.is_view:
                one.fired = True  # it is true from now on, silently
            else:
                self.instances.remove(one)
        return len(past)

    def absorb(self, other: InstanceSlot) -> None:
        """A merge moves instances as they are."""
        self.instances += other.instances
        self._keep_bound()
        self.overflow += other.overflow
        self.contradicted += other.contradicted
        self.over += other.over
