"""An offer: what a message may promise, under rules that everybody can read.

Nobody gets a secret price: each offer has a public rule, a validity and a stock (DESIGN §11).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

import msgspec

from qianmian.errors import InputError

Key = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
"""How something is named in files, addresses and logs."""
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
_HIDDEN: Final = ("Cc", "Cf", "Cs")
"""Controls, formats such as those that turn the direction, and halves of characters."""
_JOINER: Final = "\u200d"  # holds emoji together
CODE_FORM: Final = re.compile(r"[0-9A-Za-z_-]{6,64}")
"""Long enough that the last four characters, which people of the shop see, give nothing away."""
_LINES: Final = f"{_JOINER}\r\n\t"
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class Offer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A coupon, a gift, an early access.

    Attributes:
        key: how strategies name it.
        title: as viewers read it, e.g. "满 200 减 30".
        rules: the public rule: who may have it, for what, until when.
        amount_minor: what it takes off; 0 where it is no money.
        least_order_minor: from which order value on it holds.
        cost_minor: what one costs the shop at most: this is reserved from a budget.
        stock: how many there are in all; None: as many as are asked for.
        valid_from, valid_until: when it can be promised; None: always.
        valid_for_ms: how long one holds after it was given; None: until `valid_until`.
        is_issued: whether the shop's own coupon system makes a code for each act that shows it.

    Units: amounts in minor units of the shop's currency; instants in ms UTC.
    """

    key: Key
    title: Title
    rules: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    amount_minor: Count = 0
    least_order_minor: Count = 0
    cost_minor: Count = 0
    stock: Count | None = None
    valid_from: Count | None = None
    valid_until: Count | None = None
    valid_for_ms: Count | None = None
    is_issued: bool = False

    def holds_at(self, at: int) -> bool:
        """Whether it can be promised at this instant."""
        since, until = self.valid_from, self.valid_until
        return (since is None or since <= at) and (until is None or at < until)


class Coupon(msgspec.Struct, frozen=True):
    """The code that goes with one act, and what a coupon system said about it.

    Attributes:
        url: where it is used; "": wherever the step leads.

    Units: valid_until in ms UTC; None: as the offer says.
    """

    code: str
    valid_until: int | None = None
    url: str = ""


def check_offer(offer: Offer) -> None:
    """Refuse an offer that never holds, or whose title and rules people cannot read.

    Raises: InputError naming the field.
    """
    for name, text, may in (("title", offer.title, _JOINER), ("rules", offer.rules, _LINES)):
        if any(unicodedata.category(c) in _HIDDEN for c in text if c not in may):
            raise InputError(f"the {name} holds a character that cannot be shown", field=name)
    if not offer.rules.strip():
        raise InputError(
            f'the offer "{offer.key}" has no rules; write who may have it, for what, until when',
            field="rules",
        )
    since, until = offer.valid_from, offer.valid_until
    if since is not None and until is not None and since >= until:
        raise InputError("valid_until must come after valid_from", field="valid_until")
