"""What is to be simulated: a seed, a size, a length, and how much goes wrong on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from qianmian.errors import InputError
from qianmian.vocabulary.time import MINUTE_MS

DEFAULT_START_MS = 1_767_268_800_000  # 2026-01-01 20:00 in Shanghai, when rooms are full
MAX_VIEWERS = 1_000_000
MAX_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """What phones and networks do to events of viewers; shares of all of them, 0..1.

    Attributes:
        lost_share: never sent; the sequence number stays open.
        slow_share: sent 0.3 to 4 s after it happened, still within lateness.
        late_share: sent 6 to 90 s after it happened: the phone was out of reach.
        duplicated_share: sent once more, 0.2 to 20 s later.
        wrong_clock_share: of phones, whose clock is off by up to an hour, either way.
    """

    lost_share: float = 0.002
    slow_share: float = 0.02
    late_share: float = 0.004
    duplicated_share: float = 0.004
    wrong_clock_share: float = 0.03

    def __post_init__(self) -> None:
        shares = (
            self.lost_share,
            self.slow_share,
            self.late_share,
            self.duplicated_share,
        )
        if not all(0 <= share <= 1 for share in (*shares, self.wrong_clock_share)):
            raise InputError("every share of trouble lies between 0 and 1")
        if sum(shares) > 1:
            raise InputError("the shares of lost, slow, late and duplicated events exceed 1")

    @classmethod
    def none(cls) -> Trouble:
        """Everything arrives once, at once."""
        return cls(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """One broadcast of one room.

    Attributes:
        seed: the same plan gives the same log, event by event.
        viewers: about how many are there at once, once the first ten minutes have passed.
        minutes: how long the broadcast takes; nothing is simulated before it is asked for.
        start_ms: when it begins, ms UTC.
        session: id of the broadcast; "" makes one of the room and the start.

    Raises: InputError when a number is out of its range.
    """

    seed: int
    viewers: int
    minutes: int
    room: str = "room-1"
    start_ms: int = DEFAULT_START_MS
    session: str = ""
    trouble: Trouble = field(default_factory=Trouble)

    def __post_init__(self) -> None:
        if not 1 <= self.viewers <= MAX_VIEWERS:
            raise InputError(f"{self.viewers} viewers; simulate from 1 to {MAX_VIEWERS:,}")
        if not 1 <= self.minutes <= MAX_MINUTES:
            raise InputError(f"{self.minutes} minutes; simulate from 1 to {MAX_MINUTES:,}")
        if not 0 <= self.seed < 1 << 63:
            raise InputError(f"the seed {self.seed} is not a number from 0 to 2^63")

    @property
    def end_ms(self) -> int:
        """When the broadcast ends, ms UTC."""
        return self.start_ms + self.minutes * MINUTE_MS

    @property
    def session_id(self) -> str:
        """The id of the broadcast."""
        return self.session or f"{self.room}@{self.start_ms}"
