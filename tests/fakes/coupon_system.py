"""A coupon system of a shop: the receiver of webhooks that answers with a code, one for each id."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from qianmian.channels.coupons import CouponSystem
from qianmian.channels.egress import Egress
from tests.fakes.receiver import OK, SECRET, TWICE, Receiver, listening, said


@dataclass
class CouponMaker(Receiver):
    """Makes one code for each id, however often it is asked.

    Attributes:
        codes: by id, in the order of making.
        more: what it says beside the code.
    """

    codes: dict[str, str] = field(default_factory=dict)
    more: dict[str, str] = field(default_factory=dict)

    def said(self, name: str, reply: bytes) -> bytes:
        """A yes is a code."""
        if reply not in (OK, TWICE):
            return reply
        code = self.codes.setdefault(name, f"ISSUED-{len(self.codes):04}")
        yes = said(200, json.dumps({"code": code, **self.more}))
        return yes if reply == OK else yes + yes

    def system(self, timeout_ms: int) -> CouponSystem:
        """Ours, over it."""
        egress = Egress(allow_private=True, timeout_ms=timeout_ms)
        return CouponSystem(self.url, SECRET, egress, allow_private=True)


@asynccontextmanager
async def making(script: Iterable[bytes] = ()) -> AsyncIterator[CouponMaker]:
    """A coupon system that listens until the block ends."""
    async with listening(CouponMaker(list(script))) as found:
        yield found
