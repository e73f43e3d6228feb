"""What a channel to the outside is: a file beside this one, and a maker in `bootstrap/channels.py`.

The outbox (`server/outbox.py`) does the rest: rows, attempts, deadlines, consent, the log. A
channel says how a message looks, sends it once and tells what came of it. `webhook.py` shows one;
`tests/contract/test_channels.py` has a row for each.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ClassVar, Literal

import msgspec

from qianmian.channels.verdict import Verdict
from qianmian.runtime.outbox import Parcel
from qianmian.vocabulary.offer import Offer
from qianmian.vocabulary.time import DAY_MS, SECOND_MS

AddressOf = Callable[[str], Awaitable[str | None]]
"""Where a viewer is reached, as their stored profile says; None: nobody knows."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision says, its words filled in and escaped for nothing.

    Attributes:
        id: of the decision.
        viewer: whom it is for or about; "": everybody in the room.
        names: of the strategy, by language; may be empty.
        product, product_title: what the moment was about.
        code: of the offer, which only the viewer may read; None: it has none.
        currency: of the offer's amount.

    Units: at, deadline_at in ms UTC.
    """

    id: str
    viewer: str
    room: str
    at: int
    deadline_at: int
    strategy: str
    version: int
    names: Mapping[Literal["zh", "en"], str]
    moment: str
    product: str | None
    product_title: str | None
    title: str
    body: str
    action_label: str
    action_url: str
    offer: Offer | None
    code: str | None
    currency: str

    @property
    def body_with_code(self) -> str:
        """The body, and the code of the offer as its last line."""
        return self.body if self.code is None else f"{self.body}\n{self.code}".lstrip()


class Channel(ABC):
    """A way out, over one provider.

    Attributes:
        name: as the steps of strategies name it.
        is_keyed: whether the provider does one message once, however often it is sent. Without that
            a message that may be there is never sent again.
        carries_codes: whether only the viewer, or the shop's own system, reads what it says.
        attempt_ms: no attempt takes longer.
        lasts_ms: how long the provider knows a key; nothing is tried for longer.
    """

    name: ClassVar[str]
    is_keyed: ClassVar[bool] = False
    carries_codes: ClassVar[bool] = True
    attempt_ms: ClassVar[int] = 15 * SECOND_MS
    lasts_ms: ClassVar[int] = 90 * DAY_MS

    @property
    @abstractmethod
    def target(self) -> str:
        """The host that is called, and nothing secret."""

    @abstractmethod
    def body_of(self, message: Message) -> str:
        """What is kept of a message, and sent with each attempt.

        Raises: InputError for what cannot be sent so.
        """

    async def completed(self, body: str, now_ms: int) -> str | Verdict:  # noqa: ARG002
        """The body with what the provider must be asked for first; kept before anything is sent.

        A verdict: the provider did not say.
        """
        return body

    def loads(self, due: Sequence[Parcel], now_ms: int) -> Sequence[Sequence[Parcel]]:  # noqa: ARG002
        """What goes now, in one attempt each; what is left out waits for the next look."""
        return [[one] for one in due]

    @abstractmethod
    async def send(self, load: Sequence[Parcel], now_ms: int, *, within_ms: int) -> Verdict:
        """One attempt, over before `within_ms` are."""

    @abstractmethod
    async def test(self, name: str, now_ms: int) -> Verdict:
        """Try the channel out with something that is about nobody.

        Args:
            name: an id that was never used.
        """
