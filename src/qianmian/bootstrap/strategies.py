"""The strategies of an installation: of a file, and of the database, which comes before it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import get_args

from qianmian.bootstrap.channels import SET_BY, off_of
from qianmian.errors import InputError, QianmianError
from qianmian.language.definition import Definition
from qianmian.language.settle import settled
from qianmian.runtime.strategy_file import read_strategies
from qianmian.settings import Settings
from qianmian.storage.sql.strategies import Kept
from qianmian.strategies.compiling import check_strategy, definitions_of
from qianmian.strategies.modes import running
from qianmian.strategies.strategy import ChannelKind, Strategies, Strategy
from qianmian.vocabulary.offer import Offer


class StrategiesInForce:
    """What decides, and what the engine watches for it.

    Args:
        base: of the settings' file.

    Attributes:
        rules: what decides now; whoever changes strategies puts it here before the engine learns.
        left_out: strategies of the database that cannot run any more, with the reason.
    """

    def __init__(self, base: Strategies, settings: Settings) -> None:
        self.base = base
        self.rules = base
        self.left_out: dict[str, QianmianError] = {}
        self._settings = settings
        self._unset = off_of(settings)
        self._off = self._unset

    def watched(self, active: Sequence[Definition]) -> tuple[Definition, ...]:
        """What the engine watches beside the active definitions.

        Raises: DefinitionError that names the strategy which needs something else.
        """
        found = definitions_of(self.rules.strategies, active, self._settings.minors)
        return settled(found, self._settings.zone, beside=active)

    def check(
        self, strategy: Strategy, active: Sequence[Definition], offers: Iterable[Offer]
    ) -> Definition:
        """What the engine would watch for a strategy.

        Raises: InputError, DefinitionError for one that could not run.
        """
        _check_channels(strategy, self._off)
        named = {one.key: one for one in (*self.base.offers, *offers)}
        keys = sorted(named)
        self._check_issued(named.get(strategy.offer or ""))
        found = check_strategy(strategy, active, keys, self._settings.minors)
        return settled([found], self._settings.zone, beside=active)[0]

    def of(self, kept: Kept, active: Sequence[Definition]) -> Strategies:
        """What decides, given what is kept; one that cannot run any more is left out and told."""
        self.left_out = {}
        self._off = tuple(
            kind for kind in get_args(ChannelKind) if kind in {*self._unset, *kept.shut}
        )
        usable = []
        for one in running(self.base, kept.versions):
            try:
                self.check(one, active, kept.offers)
            except QianmianError as problem:
                self.left_out[one.key] = problem
            else:
                usable.append(one)
        mine = {one.key for one in kept.offers}
        offers = [one for one in self.base.offers if one.key not in mine]
        offers = sorted([*offers, *kept.offers], key=lambda one: one.key)
        guardrails = self.base.guardrails if kept.guardrails is None else kept.guardrails
        issued = {one.key for one in offers if one.is_issued}
        pools = {key: n for key, n in kept.codes.items() if key not in issued}
        return Strategies(tuple(usable), tuple(offers), guardrails, pools, self._off)

    def _check_issued(self, offer: Offer | None) -> None:
        """Refuse an offer of whose codes nobody makes one.

        Raises: InputError that says what is to be set.
        """
        if offer is not None and offer.is_issued and self._settings.coupons_secret is None:
            raise InputError(
                f'the codes of the offer "{offer.key}" are made by the coupon system, and none is'
                " set up (settings coupons_url and coupons_secret, docs/channels.md)",
                field="offer",
            )

    def passed_over(self, strategy: Strategy) -> list[ChannelKind]:
        """The channels of a strategy that deliver nothing here, in the order of its steps."""
        kinds = dict.fromkeys(step.channel for step in strategy.steps)
        return [kind for kind in kinds if kind in self._off]


def _check_channels(strategy: Strategy, off: Collection[ChannelKind]) -> None:
    """Refuse one that would never reach anybody.

    Raises: InputError that says what is to be set.
    """
    kinds = [*dict.fromkeys(step.channel for step in strategy.steps)]
    if all(kind in off for kind in kinds):
        named = ", ".join(
            f"{kind} (setting {SET_BY[kind]})" if kind in SET_BY else f"{kind} (not delivered yet)"
            for kind in kinds
        )
        raise InputError(
            f"nothing delivers here what goes over {named}; set it up, or open it again where it is"
            " shut (docs/channels.md), or add a step over another channel",
            field="steps",
        )


def strategies_of(
    settings: Settings, active: Sequence[Definition], kept: Kept
) -> StrategiesInForce:
    """What decides at the start.

    Raises: InputError, DefinitionError for a file that cannot be used.
    """
    base = Strategies()
    if settings.strategies is not None:
        base = read_strategies(settings.strategies, active, settings.minors)
    found = StrategiesInForce(base, settings)
    found.rules = found.of(kept, active)
    return found
