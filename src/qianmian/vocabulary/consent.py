"""What a person agreed to: by purpose and channel, and what may be done because of it.

SEMANTICS, CONSENT. Of several changes of one thing the latest counts, by (event time, arrival); of
two at one instant the refusal. Where two ids turn out to be one person the stricter of both counts
until the person says something newer: a merge never allows more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MARKETING: Final = "personalized_marketing"
SHARE: Final = "share"
PURPOSES: Final = (MARKETING, SHARE)
"""Personalized marketing, and handing data over to third parties."""

TAG: Final = "tag:"
MAX_TAG_CHARS: Final = 60
LOVED: Final = "loved_"
LOVER: Final = "_lover"
"""`trait.loved_brand` is what `tag.brand_lover` says: who takes the tag away has no such trait."""

IN_ROOM: Final = "in_room"
CHANNELS: Final = (IN_ROOM, "push", "sms", "wechat", "email", "phone")
EVERY_CHANNEL: Final = ""
"""Of marketing it is the person's switch: a no holds for every channel, a yes takes that back."""

Thing = tuple[str, str]
"""Purpose and channel."""


@dataclass(frozen=True, slots=True, order=True)
class Consent:
    """What was said last about one thing.

    Units: at (event time) and arrival (clock of the message) in ms UTC.
    """

    at: int
    arrival: int
    granted: bool


Consents = Mapping[Thing, Consent]
NOTHING_SAID: Final[Consents] = {}


def told(consents: Consents, thing: Thing, new: Consent) -> dict[Thing, Consent]:
    """The consents after one more change; one that comes late changes nothing that is newer."""
    old = consents.get(thing)
    return {**consents, thing: new if old is None else _later(old, new)}


def merged(one: Consents, other: Consents) -> dict[Thing, Consent]:
    """The consents of a person who was known by two ids."""
    both = dict(one)
    for thing, theirs in other.items():
        mine = both.get(thing)
        both[thing] = theirs if mine is None else _stricter(mine, theirs)
    return both


def may(consents: Consents, purpose: str, channel: str = EVERY_CHANNEL) -> bool:
    """Whether something personalized may be done for a purpose, over a channel.

    In the room marketing is allowed unless the person said no; over any other channel, and for
    sharing, only if the person said yes. What nobody knows is a no.
    """
    said = consents.get((purpose, channel))
    if purpose == SHARE:
        return said is not None and said.granted
    if purpose != MARKETING or not switch_is_on(consents):
        return False
    if channel == IN_ROOM:
        return said is None or said.granted
    return channel in CHANNELS and said is not None and said.granted


def tag_purpose(tag: str) -> str:
    """The purpose under which a person takes a tag away: granted False, and it is not theirs."""
    return f"{TAG}{tag}"


def withheld_tags(consents: Consents) -> frozenset[str]:
    """The tags that the person took away; taken away stays so, also through a merge."""
    return frozenset(
        purpose.removeprefix(TAG)
        for (purpose, channel), said in consents.items()
        if purpose.startswith(TAG) and channel == EVERY_CHANNEL and not said.granted
    )


def takes_away(tag: str, level: str) -> bool:
    """Whether a tag that was taken away takes this level with it: itself, and each of its values.

    The values of a tag are called by its key and an underscore (`gender_female`), and so is a tag
    of the shop whose key begins with it: that goes, too.
    """
    return level == tag or level.startswith(f"{tag}_")


def tag_of_trait(trait: str) -> str | None:
    """The tag that tells what somebody loves, of the trait in which that was found."""
    loved = trait.removeprefix(LOVED)
    return f"{loved}{LOVER}" if loved != trait else None


def switch_is_on(consents: Consents) -> bool:
    """Whether the person has not switched personalization off."""
    said = consents.get((MARKETING, EVERY_CHANNEL))
    return said is None or said.granted


def _later(old: Consent, new: Consent) -> Consent:
    if (old.at, old.arrival) == (new.at, new.arrival):
        return old if not old.granted else new
    return max(old, new)


def _stricter(mine: Consent, theirs: Consent) -> Consent:
    latest = max(mine, theirs)
    return Consent(latest.at, latest.arrival, mine.granted and theirs.granted)
