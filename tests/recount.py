"""A second opinion on `qianmian replay`; imports nothing of it. `recount.py rees46 FILE`."""

import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

WORDS = {
    "rees46": "view=product_viewed cart=cart_added purchase=order_paid"
    " remove_from_cart=cart_removed",
    "taobao": "pv=product_viewed cart=cart_added fav=product_favorited buy=order_paid",
    "otto": "clicks=product_viewed carts=cart_added orders=order_paid",
}


def rows_of(name: str, path: Path) -> Iterator[tuple[Any, ...]]:
    unpack: Any = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt", encoding="utf-8") as file:
        if name == "otto":
            for line in map(json.loads, file):
                for event in line["events"]:
                    yield line["session"], event["aid"], event["ts"], event["type"]
        else:
            for row in csv.reader(file):
                if row and row[0] not in ("event_time", "user"):
                    yield tuple(row)


def event_of(name: str, row: tuple[Any, ...]) -> tuple[str, str, str, int]:
    """Type, viewer, visit, cents paid; an error when the row says nothing."""
    types = dict(pair.split("=") for pair in WORDS[name].split())
    if name == "otto":
        session, _article, _time, word = row
        return types[word], str(session), "", 0
    if name == "taobao":
        user, item, _category, word, seconds = row
        if not user or not item or int(seconds) < 0:
            raise ValueError(row)
        return types[word], user, "", 0
    time, word, product, _category, _code, _brand, price, user, visit = row
    datetime.strptime(time, "%Y-%m-%d %H:%M:%S UTC")  # noqa: DTZ007
    cents = Decimal(price) * 100
    if not user or not product or cents % 1 or (cents < 0 and word != "purchase"):
        raise ValueError(row)
    if cents < 0:
        return "order_refunded", user, visit, 0
    return types[word], user, visit, int(cents) if word == "purchase" else 0


def recount(name: str, path: Path) -> dict[str, Any]:
    events: dict[tuple[Any, ...], tuple[str, str, str, int]] = {}
    counts = Counter(events=0, accepted=0, duplicates=0, rejected=0)
    for row in rows_of(name, path):
        counts["events"] += 1
        try:
            event = event_of(name, row)
        except (ValueError, KeyError, InvalidOperation):
            counts["rejected"] += 1
            continue
        counts["duplicates" if row in events else "accepted"] += 1
        events.setdefault(row, event)
    kept = events.values()
    return dict(counts) | {
        "by_type": dict(sorted(Counter(event[0] for event in kept).items())),
        "viewers": len({event[1] for event in kept}),
        "sessions": min(1, len(kept)),
        "visits": len({event[1:3] for event in kept}),
        "gmv_minor": sum(event[3] for event in kept),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(recount(sys.argv[1], Path(sys.argv[2]))) + "\n")
