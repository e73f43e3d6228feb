"""Which code of an offer goes with a decision: a place in its pool, as the log says.

The code itself is a secret of the database. It is read when it goes out, and never before.
"""

from __future__ import annotations

import msgspec

from qianmian.vocabulary.decision import Decision, decision_id


class Claim(msgspec.Struct, frozen=True):
    """A decision may read this code.

    Attributes:
        place: in the pool of the offer, from 0 on; None: the coupon system made one for the act.
        owner: the first decision; the steps that follow it have the same code.
        decision: the step that reads it.
    """

    offer: str
    place: int | None
    owner: str
    decision: str


def claim_of(decision: Decision, *, is_issued: bool = False) -> Claim | None:
    """The code that goes with a decision; None: none does.

    Args:
        is_issued: whether the codes of its offer are made by the coupon system.
    """
    has_code = is_issued or decision.code is not None
    if decision.offer is None or decision.viewer is None or not has_code:
        return None
    if is_issued:
        return Claim(decision.offer, None, decision.first, decision.id)
    owner = decision_id(decision.firing, decision.strategy, decision.version)
    return Claim(decision.offer, decision.code, owner, decision.id)
