"""A code that the shop's coupon system made for one act, or did not.

    asking -> issued | refused

Kept by act, and of nobody: which viewer an act is about is in the log.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from qianmian.vocabulary.offer import Coupon

State = Literal["asking", "issued", "refused"]
ASKING: Final = "asking"
ISSUED: Final = "issued"
REFUSED: Final = "refused"


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """What became of asking for the code of one act.

    Attributes:
        act: id of its first decision; the coupon system is asked under it.
        code: None: there is none, or not yet.
        url: where it is used; "" where nobody said.
        why: it was refused, as a code.

    Units: valid_until in ms UTC.
    """

    act: str
    offer: str
    state: State = "asking"
    code: str | None = None
    valid_until: int | None = None
    url: str = ""
    why: str = ""

    @property
    def coupon(self) -> Coupon | None:
        """What goes out; None: nothing does."""
        if self.state != ISSUED or self.code is None:
            return None
        return Coupon(self.code, self.valid_until, self.url)
