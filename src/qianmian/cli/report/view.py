"""How a report shows its values: language, times, money, names; the same in every part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from qianmian.locales.texts import Texts, document
from qianmian.runtime.report import Evidence
from qianmian.vocabulary.money import format_money
from qianmian.vocabulary.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

ACCENT = "#e8590c"  # one warm color for what matters; everything else is plain or dim
QUIET = "grey58"
GOOD, BAD = "green", "red"
_UNITS = (("day", DAY_MS), ("hour", HOUR_MS), ("minute", MINUTE_MS), ("second", SECOND_MS))
MAX_ID_CHARS = 24


@dataclass(frozen=True)
class View:
    """Everything that a part needs to show a value."""

    texts: Texts
    zone: ZoneInfo
    currency: str | None
    same_day: bool = False

    @property
    def locale(self) -> str:
        """The language of the report."""
        return self.texts.locale

    def say(self, key: str, **places: object) -> str:
        """A text of the report."""
        return self.texts.say(key, **places)

    def instant(self, ms: int) -> str:
        """Date and time to the second."""
        at = datetime.fromtimestamp(ms / SECOND_MS, UTC).astimezone(self.zone)
        return at.strftime("%H:%M:%S" if self.same_day else "%m-%d %H:%M:%S")

    def day(self, ms: int) -> str:
        """Date and time with its year."""
        at = datetime.fromtimestamp(ms / SECOND_MS, UTC).astimezone(self.zone)
        return at.strftime("%Y-%m-%d %H:%M:%S")

    def length(self, ms: int) -> str:
        """A duration in its two largest units."""
        parts: list[str] = []
        rest = ms
        for name, size in _UNITS:
            count, rest = divmod(rest, size)
            if count or (name == "second" and not parts):
                parts.append(self.texts.count(f"unit.{name}", count))
            if len(parts) == 2:
                break
        return " ".join(parts)

    def money(self, minor: int | None) -> str:
        """An amount, or that it is unknown."""
        if minor is None or self.currency is None:
            return self.say("unknown")
        return format_money(minor, self.currency, self.locale)

    def moment(self, key: str) -> str:
        """The title of a built-in moment; the key of any other."""
        known = document(self.locale, "moments").get(key)
        return str(known["title"]) if known else key

    def event(self, event: Evidence) -> Text:
        """What happened, in words."""
        title = document(self.locale, "events").get(event.type, {}).get("title", event.type)
        text = Text(str(title))
        if event.product is not None:
            text.append(f" {shortened(event.product)}", style=ACCENT)
        if event.amount_minor is not None and self.currency is not None:
            text.append(f" {self.money(event.amount_minor)}")
        if event.text:
            quoted = (
                event.text if len(event.text) <= MAX_ID_CHARS else event.text[:MAX_ID_CHARS] + "…"
            )
            text.append(f" “{quoted}”", style="italic")
        return text


def shortened(name: str) -> str:
    """An id that fits into a line."""
    return name if len(name) <= MAX_ID_CHARS else f"{name[:12]}…{name[-8:]}"


def section(title: str) -> Text:
    """The head of a part."""
    return Text.assemble(("▍", ACCENT), (title, "bold"))


def table(*columns: tuple[str, str]) -> Table:
    """A table without frames; columns are (title, "left" or "right")."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=QUIET, expand=False)
    for title, side in columns:
        grid.add_column(title, justify="right" if side == "right" else "left")
    return grid
