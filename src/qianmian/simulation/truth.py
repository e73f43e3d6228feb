"""What the simulated viewers meant, and what went wrong on the way: known, because we made it up.

Beside it, `told.py` reads what the messages say; the two differ as they do in a real room.
"""

from __future__ import annotations

from typing import NamedTuple


class Intention(NamedTuple):
    """A viewer began to do or feel something. `viewer` is the id with which they came."""

    at: int
    what: str
    viewer: str
    product: str | None


class Truth:
    """Grows while the simulation runs.

    Attributes:
        intentions: what viewers had in mind, in order of notice. Their kinds: `hesitated` (means to
            look for two minutes or more without a step), `compared`, `doubted`, `asked_price`,
            `carted`, `left_in_cart` (put it there and will not come back for it), `bought`,
            `refunded`, `joined_promo`, `called_away` (the phone lies there), `left`.
        known_id_by_anonymous: who logged in as whom.
        skew_ms_by_stream: phones with a wrong clock, ms ahead.
        lost, late, duplicated: message ids, by what went wrong.
    """

    def __init__(self) -> None:
        self.intentions: list[Intention] = []
        self.known_id_by_anonymous: dict[str, str] = {}
        self.skew_ms_by_stream: dict[str, int] = {}
        self.lost: list[str] = []
        self.late: list[str] = []
        self.duplicated: list[str] = []
        self._server_messages = 0

    def intend(self, at: int, what: str, viewer: str, product: str | None) -> None:
        """Note an intention."""
        self.intentions.append(Intention(at, what, viewer, product))

    def next_server_message(self) -> int:
        """The number of the next message of the shop's server."""
        self._server_messages += 1
        return self._server_messages
