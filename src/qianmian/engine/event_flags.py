"""What the kernels ask of an event type, as one word of flags each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qianmian.engine import words as w
from qianmian.vocabulary.events import CATALOG, CODE_BY_NAME


def event_flags() -> npt.NDArray[np.int64]:
    """By code of an event type, `F_…` bits.

    Shapes: int64[n_types]
    """
    flags = np.zeros(len(CATALOG), np.int64)
    for code, event in enumerate(CATALOG):
        flags[code] |= w.F_OPERATION * event.operation | w.F_NEVER_LATE * event.never_late
    flags[CODE_BY_NAME["heartbeat"]] |= w.F_HEARTBEAT
    flags[CODE_BY_NAME["room_left"]] |= w.F_LEFT
    flags[CODE_BY_NAME["product_viewed"]] |= w.F_VIEWED
    flags[CODE_BY_NAME["room_entered"]] |= w.F_ENTERED
    for name in ("order_created", "order_paid", "order_cancelled", "order_refunded"):
        flags[CODE_BY_NAME[name]] |= w.F_ORDER
    return flags
