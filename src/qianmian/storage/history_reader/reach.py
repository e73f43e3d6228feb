"""Who may be spoken to on which channel, as one number of every person: bit k is channel k.

The rule is that of `vocabulary.consent`, over what each id has said last: of marketing in the room
yes unless somebody said no, over other channels only after a yes for that channel and with an
address; the switch (no channel) of one id turns everything off. Where a person has several ids the
stricter answer counts, also after a newer one: a preview rather tells too few.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from qianmian.vocabulary.channels import ADDRESS_TRAITS, CHANNELS
from qianmian.vocabulary.consent import MARKETING

IN_ROOM_ONLY: Final = 1
"""Of whom nothing is known."""

TOLD_FIELDS: Final = ("purpose", "channel", "granted")
"""Fields of events that say it."""

TABLE: Final = """CREATE TABLE consent (
  viewer INTEGER, own INTEGER, event_time BIGINT, clock BIGINT, ord BIGINT, purpose VARCHAR,
  channel VARCHAR, granted BOOLEAN
)"""
CONSENTED: Final = """
INSERT INTO consent
SELECT viewer, own, event_time, clock, ord,
  CASE WHEN type = $unsubscribed THEN $marketing ELSE told_purpose END,
  coalesce(told_channel, ''), type <> $unsubscribed AND told_granted = 1
FROM mine WHERE type IN ($consent, $unsubscribed)
"""
PURPOSES: Final[Mapping[str, Any]] = {"marketing": MARKETING}

_NOTHING: Final = "('null', 'false', '\"\"', '0')"


def _allowed(place: int) -> str:
    """Whether a channel is allowed, over what the ids of a viewer have said last (`newest`)."""
    said = "coalesce(bool_and(granted) FILTER (channel = '{channel}'), {unknown})"
    switch = said.format(channel="", unknown="true")
    unknown = "true" if place == 0 else "false"
    return f"{switch} AND {said.format(channel=CHANNELS[place], unknown=unknown)}"


def _addressed(place: int) -> str:
    """Whether an address of a channel was told, over the rows of a viewer in `told`."""
    newest = "arg_max(json_extract(traits, '$.\"{name}\"'), (rank, event_time, ord))"
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
LEFT JOIN (
  SELECT viewer, {_MAY} FROM (
    SELECT viewer, channel, arg_max(granted, (event_time, clock, NOT granted)) AS granted
    FROM consent WHERE purpose = $marketing AND viewer IN (SELECT id FROM touched)
    GROUP BY viewer, own, channel
  ) AS newest GROUP BY viewer
) AS m ON m.viewer = t.id
LEFT JOIN (SELECT viewer, {_CAN} FROM told
  WHERE viewer IN (SELECT id FROM touched) AND viewer IN (SELECT viewer FROM consent)
  GROUP BY viewer) AS a ON a.viewer = t.id
"""  # noqa: S608 — of constants of ours
"""The number of everybody who is touched; addresses are looked for where there is any consent."""
