"""A profile as bytes, at most `MOST_BYTES` of them.

Times are kept to the second, weights to a thousandth of a point as of one instant. Where a profile
is larger, the lightest likings go first, then the values that count least; how often somebody did
what, and the days, always stay. So a viewer has a bounded profile, however long they come.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

import msgspec

from qianmian.errors import InputError
from qianmian.profiles.basic import Basic
from qianmian.profiles.preference import DIMENSIONS, Preference, Weight
from qianmian.profiles.profile import BEHAVIOR, Done, Profile
from qianmian.profiles.stage import KEPT_DAYS, Days
from qianmian.vocabulary.origins import ORIGINS, RANK

MOST_BYTES: Final = 400
VERSION: Final = 1
POINT: Final = 1_000  # parts of a point that are kept


def stored(profile: Profile) -> bytes:
    """The bytes of a profile.

    Cost: O(what is in it), as often as what has to go can be halved.
    """
    found = _packed(profile)
    if len(found) <= MOST_BYTES:
        return found
    least = _least_first(profile)
    too_few, enough = 0, len(least)
    while enough - too_few > 1:  # the fewest that have to go
        middle = (too_few + enough) // 2
        if len(_packed(_without(profile, least[:middle]))) > MOST_BYTES:
            too_few = middle
        else:
            enough = middle
    return _packed(_without(profile, least[:enough]))


def restored(data: bytes) -> Profile:
    """The profile of bytes that `stored` made.

    Raises: InputError when they are something else, or of another version.
    """
    try:
        version, basic, behavior, at, preference, days = msgspec.msgpack.decode(data)
    except (msgspec.DecodeError, ValueError, TypeError) as problem:
        raise InputError("these bytes are no stored profile") from problem
    if version != VERSION:
        raise InputError(f"the profile is of version {version}; this program reads {VERSION}")
    weights = {
        DIMENSIONS[place]: {value: Weight(n, points / POINT, at) for value, n, points in values}
        for place, values in preference
    }
    return Profile(
        {name: Basic(value, ORIGINS[o], sure, s * 1_000) for name, value, o, sure, s in basic},
        {BEHAVIOR[place]: Done(n, s * 1_000, amount) for place, n, s, amount in behavior},
        Preference(weights),
        _days_from(*days),
    )


def _packed(profile: Profile) -> bytes:
    weights = profile.preference.weights
    at = max((one.at for values in weights.values() for one in values.values()), default=0)
    packed: list[Any] = [
        VERSION,
        [
            [name, one.value, ORIGINS.index(one.origin), one.confidence, one.at // 1_000]
            for name, one in sorted(profile.basic.items())
        ],
        [
            [place, done.n, done.last // 1_000, done.amount_minor]
            for place, kind in enumerate(BEHAVIOR)
            if (done := profile.behavior.get(kind)) is not None
        ],
        at,
        [
            [
                place,
                [
                    [value, one.n, round(one.as_of(at) * POINT)]
                    for value, one in sorted(weights[name].items())
                ],
            ]
            for place, name in enumerate(DIMENSIONS)
            if weights.get(name)
        ],
        _packed_days(profile.days),
    ]
    return msgspec.msgpack.encode(packed)


def _packed_days(days: Days) -> list[Any]:
    """First and newest day, and one bit for each day before the newest."""
    newest = max(days.came, default=0)
    return [days.first, newest, _bits(days.came, newest), _bits(days.paid, newest)]


def _bits(days: frozenset[int], newest: int) -> bytes:
    bits = sum(1 << newest - day for day in days if day <= newest)
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def _days_from(first: int | None, newest: int, came: bytes, paid: bytes) -> Days:
    def days(data: bytes) -> frozenset[int]:
        bits = int.from_bytes(data, "little")
        return frozenset(newest - ago for ago in range(KEPT_DAYS + 1) if bits >> ago & 1)

    return Days(first, days(came), days(paid))


def _least_first(profile: Profile) -> list[tuple[str, str]]:
    """What may go, (dimension or "", name): the lightest likings, then what counts least."""
    weights = profile.preference.weights
    at = max((one.at for values in weights.values() for one in values.values()), default=0)
    likings = sorted(
        (one.as_of(at), name, value)
        for name, values in weights.items()
        for value, one in values.items()
    )
    basic = profile.basic
    values = sorted(basic, key=lambda one: (RANK[basic[one].origin], basic[one].at, one))
    return [*((name, value) for _, name, value in likings), *(("", name) for name in values)]


def _without(profile: Profile, some: Collection[tuple[str, str]]) -> Profile:
    gone = set(some)
    kept = {
        name: {value: one for value, one in held.items() if (name, value) not in gone}
        for name, held in profile.preference.weights.items()
    }
    basic = {name: one for name, one in profile.basic.items() if ("", name) not in gone}
    return replace(profile, preference=Preference(kept), basic=basic)
