"""Edits of strategies, offers and limits: checked, kept, and brought to the engine through the log.

The database is what people decided; the log is what holds since when. `follow` brings the second to
the first, whoever changed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from qianmian.bootstrap.installation import check_together
from qianmian.bootstrap.strategies import StrategiesInForce
from qianmian.errors import InputError, InUse, NotThere, QianmianError
from qianmian.language.definition import Definition
from qianmian.runtime.definition_desk import DefinitionDesk
from qianmian.runtime.deployment import Deployment
from qianmian.runtime.following import Following
from qianmian.storage.sql.audit import Actor
from qianmian.storage.sql.codes import CodeStore
from qianmian.storage.sql.gates import ChannelGates
from qianmian.storage.sql.strategies import Kept, StrategyStore
from qianmian.strategies.modes import IN_FORCE, Step, StrategyVersion, running
from qianmian.strategies.strategy import Guardrails, Strategies, Strategy
from qianmian.vocabulary.offer import Offer, check_offer

_CHECKED: Final[frozenset[Step]] = frozenset({"rehearse", "ask", "approve", "resume", "widen"})


@dataclass(frozen=True, slots=True)
class StrategyEntry:
    """A strategy as the console lists it.

    Attributes:
        of_file: as the settings' file has it; None when it has not.
        versions: what is kept, newest first.
        left_out: why the version in force cannot run at present.
    """

    key: str
    of_file: Strategy | None
    versions: tuple[StrategyVersion, ...]
    left_out: QianmianError | None = None

    def version(self, *modes: str) -> StrategyVersion | None:
        """The version that is in one of these modes."""
        return next((one for one in self.versions if one.mode in modes), None)

    @property
    def in_force(self) -> StrategyVersion | None:
        """The version that decides, or is paused."""
        return self.version(*IN_FORCE)


class StrategyDesk(Following):
    """The strategies of one running server.

    Attributes:
        in_force: what decides now.

    Args:
        definitions: whose active definitions strategies name; the two change one after the other.
    """

    def __init__(
        self,
        store: StrategyStore,
        in_force: StrategiesInForce,
        definitions: DefinitionDesk,
        deployment: Deployment,
        codes: CodeStore,
        gates: ChannelGates,
    ) -> None:
        self._codes = codes
        self._gates = gates
        self._store = store
        self.in_force = in_force
        self._definitions = definitions
        self._deployment = deployment
        self._number = -1

    # -- reading

    @property
    def base(self) -> Strategies:
        """What the settings' file says."""
        return self.in_force.base

    async def kept(self) -> Kept:
        """Everything that is kept, as of now."""
        return await asyncio.to_thread(self._store.read)

    async def entries(self) -> list[StrategyEntry]:
        """Every strategy of the file and of the database, by key."""
        kept = await self.kept()
        of_file = {one.key: one for one in self.in_force.base.strategies}
        keys = sorted(of_file.keys() | {one.key for one in kept.versions})
        return [
            StrategyEntry(
                key,
                of_file.get(key),
                tuple(one for one in reversed(kept.versions) if one.key == key),
                self.in_force.left_out.get(key),
            )
            for key in keys
        ]

    async def entry(self, key: str) -> StrategyEntry:
        """One of them.

        Raises: NotThere.
        """
        for one in await self.entries():
            if one.key == key:
                return one
        raise NotThere(f'there is no strategy "{key}"')

    async def offers(self) -> list[Offer]:
        """Every offer, by key; one of the database before that of the file."""
        kept = await self.kept()
        found = {one.key: one for one in (*self.in_force.base.offers, *kept.offers)}
        return [found[key] for key in sorted(found)]

    async def guardrails(self) -> Guardrails:
        """The limits of the shop."""
        kept = await self.kept()
        return self.in_force.base.guardrails if kept.guardrails is None else kept.guardrails

    async def check(self, strategy: Strategy) -> Definition:
        """What the engine would watch for a strategy.

        Raises: InputError, DefinitionError for one that could not run.
        """
        active = await self._definitions.active()
        return await self._checked(strategy, await self.kept(), active)

    # -- changing

    async def save_draft(self, strategy: Strategy, by: Actor) -> StrategyVersion:
        """Keep what somebody is writing; it need not be right yet."""
        base = [one for one in self.in_force.base.strategies if one.key == strategy.key]
        least = 1 + max((one.version for one in base), default=0)
        return await asyncio.to_thread(self._store.save_draft, strategy, by, least_version=least)

    async def drop_draft(self, key: str, by: Actor) -> bool:
        """Throw a draft away; whether there was one."""
        return await asyncio.to_thread(self._store.drop_draft, key, by)

    async def take(
        self, key: str, version: int, step: Step, by: Actor, *, why: str = ""
    ) -> StrategyVersion:
        """Bring a version one step further on its way.

        Raises: NotThere; InputError, DefinitionError when it could not run; SelfApproval; and then
            nothing has changed.
        """
        async with self._definitions.changing:
            if step in _CHECKED:
                kept, active = await self.kept(), await self._definitions.active()
                for one in kept.versions:
                    if (one.key, one.strategy.version) == (key, version):
                        await self._checked(one.strategy, kept, active)
            done = await asyncio.to_thread(self._store.take, key, version, step, by, why=why)
            await self._bring()
            return done

    async def pause(self, strategy: Strategy, by: Actor, *, why: str) -> None:
        """Pause what decides, also what a file says; the file is out of it then.

        Raises: NotThere, InputError when it does not decide any more.
        """
        async with self._definitions.changing:
            number = strategy.version
            of_file = next((one for one in self.in_force.base.strategies if one == strategy), None)
            await asyncio.to_thread(
                self._store.take, strategy.key, number, "pause", by, why=why, of_file=of_file
            )
            await self._bring()

    async def put_offer(self, offer: Offer, by: Actor) -> None:
        """Make or change an offer; what was promised stays promised.

        Raises: InputError for one that never holds or has no rules, or whose codes come from two
            places.
        """
        check_offer(offer)
        async with self._definitions.changing:
            if offer.is_issued and (await self.kept()).codes.get(offer.key):
                raise InputError(
                    "codes were uploaded for this offer; make another one for codes that the coupon"
                    " system makes",
                    field="is_issued",
                )
            await asyncio.to_thread(self._store.put_offer, offer, by)
            await self._bring()

    async def drop_offer(self, key: str, by: Actor) -> None:
        """Take an offer away.

        Raises: NotThere; InUse while a strategy that is not at its end names it.
        """
        async with self._definitions.changing:
            kept = await self.kept()
            users = {
                one.key
                for one in kept.versions
                if one.strategy.offer == key and one.mode in IN_FORCE | {"approval"}
            }
            users |= {
                one.key for one in running(self.in_force.base, kept.versions) if one.offer == key
            }
            if users:
                named = ", ".join(f'"{one}"' for one in sorted(users))
                raise InUse(f'the offer "{key}" goes with {named}; end these first')
            await asyncio.to_thread(self._store.drop_offer, key, by)
            await self._bring()

    async def add_codes(self, offer: str, codes: Sequence[str], by: Actor) -> set[str]:
        """More codes for an offer; those that the shop had already.

        Raises: InputError when there would be too many, or the coupon system makes them.
        """
        async with self._definitions.changing:
            if any(one.key == offer and one.is_issued for one in await self.offers()):
                raise InputError("the coupon system makes the codes of this offer")
            known = await asyncio.to_thread(self._codes.add, offer, codes, by)
            await self._bring()
            return known

    async def open_channel(self, channel: str, by: Actor) -> bool:
        """A channel that was shut is called again, from the next decision on; whether it was."""
        async with self._definitions.changing:
            was_shut = await asyncio.to_thread(self._gates.open, channel, by)
            await self._bring()
            return was_shut

    async def put_guardrails(self, guardrails: Guardrails, by: Actor, *, why: str = "") -> None:
        """The limits of the shop from now on; the red switch among them."""
        async with self._definitions.changing:
            before = await self.guardrails()
            if before != guardrails:
                await asyncio.to_thread(
                    self._store.put_guardrails, guardrails, by, why=why, before=before
                )
                await self._bring()

    async def stop(self, by: Actor, *, is_stopped: bool, why: str = "") -> None:
        """The red switch: nothing is sent from now on, or strategies go on."""
        before = await self.guardrails()
        await self.put_guardrails(
            msgspec.structs.replace(before, is_stopped=is_stopped), by, why=why
        )

    async def set_alone(self, by: Actor, *, is_alone: bool, why: str) -> None:
        """Whether one person works here, who approves what they made.

        Raises: InputError when there are more.
        """
        await asyncio.to_thread(self._store.put_alone, by, is_alone=is_alone, why=why)

    # -- the engine

    async def follow(self) -> None:
        """Bring what is kept to the engine, if it has been changed since the last look."""
        if await asyncio.to_thread(self._store.number) != self._number:
            async with self._definitions.changing:
                await self._bring()

    async def _bring(self) -> None:
        """Under `changing`."""
        kept, active = await self.kept(), await self._definitions.active()
        before = self.in_force.rules
        rules = self.in_force.of(kept, active)
        self.in_force.rules = rules
        try:
            if rules != await self._deployment.ask(lambda live: live.decider.rules):
                watched = self.in_force.watched(active)
                await self._deployment.decide_by(rules, (*active, *watched))
        except QianmianError:
            self.in_force.rules = before
            raise
        self._number = kept.number

    async def _checked(
        self, strategy: Strategy, kept: Kept, active: Sequence[Definition]
    ) -> Definition:
        found = self.in_force.check(strategy, active, kept.offers)
        others = [one for one in self.in_force.watched(active) if one.key != found.key]
        await asyncio.to_thread(check_together, [*active, *others, found])
        return found
