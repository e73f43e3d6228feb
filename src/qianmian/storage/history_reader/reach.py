"""Who may be spoken to on which channel, as one number of every person: bit k is channel k.

The rule is `vocabulary.consent.may`: of each channel the newest answer holds, of two at one instant
the refusal; an answer without a channel is the person's switch. `unsubscribed` is a no. Where two
ids became one person the newest answer of either counts here, while deciding takes the stricter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qianmian.vocabulary.channels import ADDRESS_TRAITS, CHANNELS
from qianmian.vocabulary.consent import IN_ROOM, MARKETING

IN_ROOM_ONLY: Final = 1
"""Of whom nothing is known."""

TOLD_FIELDS: Final = ("purpose", "channel", "granted")
"""Fields of events that say it."""

TABLE: Final = """CREATE TABLE consent (
  viewer INTEGER, event_time BIGINT, ord BIGINT, clock BIGINT, channel VARCHAR, granted BOOLEAN
)"""
CONSENTED: Final = """
INSERT INTO consent
SELECT viewer, event_time, ord, clock, nullif(told_channel, ''),
  type <> $unsubscribed AND told_granted = 1
FROM mine WHERE type = $unsubscribed OR (type = $consent AND told_purpose = $marketing)
"""
PURPOSE: Final[Mapping[str, Any]] = {"marketing": MARKETING}

_NOTHING: Final = "('null', 'false', '\"\"', '0')"
_SAYS: Final = """coalesce(
  arg_max(granted, (event_time, clock, NOT granted)) FILTER ({where}), {unknown})"""


def _allowed(place: int) -> str:
    """Whether a channel is allowed, over the rows of a viewer in `consent`."""
    switch = _SAYS.format(where="channel IS NULL", unknown="true")
    is_in_room = CHANNELS[place] == IN_ROOM
    mine = f"channel = '{CHANNELS[place]}'"
    return f"{switch} AND {_SAYS.format(where=mine, unknown=str(is_in_room).lower())}"


def _addressed(place: int) -> str:
    """Whether an address of a channel was told, over the rows of a viewer in `told`."""
    newest = "arg_max(json_extract(traits, '$.\"{name}\"'), (event_time, ord))"
    known = (
        f"coalesce(CAST({newest.format(name=name)} AS VARCHAR) NOT IN {_NOTHING}, false)"
        for name in ADDRESS_TRAITS[CHANNELS[place]]
    )
    return " OR ".join(known)


_OUTSIDE: Final = range(1, len(CHANNELS))
_MAY: Final = ", ".join(f"{_allowed(k)} AS c{k}" for k in range(len(CHANNELS)))
_CAN: Final = ", ".join(f"{_addressed(k)} AS a{k}" for k in _OUTSIDE)
_BITS: Final = " + ".join(
    f"CASE WHEN coalesce(c{k}, false) AND coalesce(a{k}, false) THEN {1 << k} ELSE 0 END"
    for k in _OUTSIDE
)
REACH: Final = f"""
CREATE TEMP TABLE reach_now AS
SELECT t.id AS viewer, CAST(
  CASE WHEN coalesce(c0, true) THEN {IN_ROOM_ONLY} ELSE 0 END + {_BITS} AS UTINYINT) AS reach
FROM (SELECT DISTINCT id FROM touched) AS t
LEFT JOIN (SELECT viewer, {_MAY} FROM consent WHERE viewer IN (SELECT id FROM touched)
  GROUP BY viewer) AS m ON m.viewer = t.id
LEFT JOIN (SELECT viewer, {_CAN} FROM told
  WHERE viewer IN (SELECT id FROM touched) AND viewer IN (SELECT viewer FROM consent)
  GROUP BY viewer) AS a ON a.viewer = t.id
"""  # noqa: S608 — of constants of ours
"""The number of everybody who is touched; addresses are looked for where there is any consent."""
