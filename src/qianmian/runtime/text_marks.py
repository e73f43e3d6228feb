"""Text classes of what was written: a column computed at decoding, which survives erasure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from qianmian.columns.batch import EventBatch

Classify = Callable[[Iterable[str]], npt.NDArray[Any]]
"""Bit masks of the classes of texts, by the lexicon that comes with the product."""


def mark_texts(batch: EventBatch, classify: Classify) -> None:
    """Give the batch its `classes`, if it has texts. Cost: each different text once."""
    texts = batch.strings.get("text")
    if texts is None or not texts.values:
        return
    masks = np.append(classify(texts.values).astype(np.int64), 0)  # absent texts read the 0
    batch.numbers["classes"] = masks[texts.codes]
