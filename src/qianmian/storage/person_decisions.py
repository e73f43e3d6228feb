"""What strategies decided about a person, as it stands in log and history, with what each rests on.

A decision names its strategy by key and version, its offer and its product by their keys; here they
are kept as they were when it was made, so that whoever shows them can say the words again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from qianmian.runtime.messages import Body, Catalog, Decided, Settled, StrategiesChanged
from qianmian.strategies.strategy import Strategies, Strategy
from qianmian.vocabulary.decision import Decision
from qianmian.vocabulary.offer import Offer
from qianmian.vocabulary.product import Product


@dataclass(frozen=True, slots=True)
class DecisionTold:
    """A decision about a person.

    Attributes:
        strategy, offer, product: as they were then; None where the log does not have them any more.
        end: `delivered` or `released` when the log says what became of it, else "".
    """

    decision: Decision
    strategy: Strategy | None
    offer: Offer | None
    product: Product | None
    end: str = ""


class DecisionsOf:
    """Collects the decisions about some viewers from the bodies of the log, in their order.

    Memory: every version of a strategy in the log, the newest products, and what is found.
    """

    def __init__(self, viewers: frozenset[str]) -> None:
        self._viewers = viewers
        self._strategies: dict[tuple[str, int], Strategy] = {}
        self._offers: Mapping[str, Offer] = {}
        self._products: Mapping[str, Product] = {}
        self._found: dict[str, DecisionTold] = {}

    def take(self, body: Body) -> None:
        """One more message."""
        match body:
            case StrategiesChanged(rules):
                self._strategies |= {(one.key, one.version): one for one in rules.strategies}
                self._offers = {one.key: one for one in rules.offers}
            case Catalog(products):
                self._products = {one.id: one for one in products}
            case Decided(decisions):
                for one in decisions:
                    if one.viewer in self._viewers:
                        self._found[one.id] = self._told(one, None)
            case Settled(delivered, released):
                for end, names in (("released", released), ("delivered", delivered)):
                    for name in self._found.keys() & set(names):
                        self._found[name] = replace(self._found[name], end=end)

    def add(self, decision: Decision) -> None:
        """One that history has, and the log has not any more."""
        self._found[decision.id] = self._told(decision, None)

    def told(self, rules: Callable[[], Strategies]) -> list[DecisionTold]:
        """What was found, in the order of deciding.

        Args:
            rules: asked for those that hold now, where the log begins after a strategy did.
        """
        found = list(self._found.values())
        if any(one.strategy is None for one in found):
            self.take(StrategiesChanged(rules()))
        return [one if one.strategy is not None else self._told(one.decision, one) for one in found]

    def _told(self, one: Decision, before: DecisionTold | None) -> DecisionTold:
        """A decision with what is known now; its product and its end as they were found before."""
        product = None if one.key is None else self._products.get(one.key)
        return DecisionTold(
            one,
            self._strategies.get((one.strategy, one.version)),
            None if one.offer is None else self._offers.get(one.offer),
            product if before is None else before.product,
            "" if before is None else before.end,
        )
