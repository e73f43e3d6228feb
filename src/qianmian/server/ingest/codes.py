"""Codes of answers beside the reasons of the event table; their texts are in `locales`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

EVENT_CODES: Final = (
    "bad_json",
    "bad_time",
    "no_counterpart",
    "not_issued",
    "too_large",
    "erased",
)
"""Why one event was rejected, beside `vocabulary.rejected.REASONS`. Append only."""

STATUS_BY_CODE: Final = MappingProxyType(
    {
        "bad_json": 400,
        "bad_encoding": 400,
        "bad_arrow": 400,
        "empty_batch": 400,
        "too_many_events": 400,
        "bad_mapping": 400,
        "nothing_accepted": 400,
        "unknown_key": 401,
        "bad_viewer_token": 401,
        "wrong_class": 403,
        "origin": 403,
        "not_found": 404,
        "wrong_method": 405,
        "slow_body": 408,
        "body_too_large": 413,
        "unknown_content": 415,
        "rate": 429,
        "new_names": 429,
        "overloaded": 429,
        "not_durable": 503,
    }
)
"""Why a whole post was refused, and the status that says so. An SDK drops what gets 400 to 415
(except 408) and sends again, later, what gets 408, 429 or 503."""
