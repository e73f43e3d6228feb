"""Where a log begins of which the first part is not kept any more, and no state is known there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qianmian.errors import InputError, SnapshotProblem
from qianmian.language.definition import Definition
from qianmian.vocabulary.product import Product


class Anew(NamedTuple):
    """What is taken to hold at the first message that is kept."""

    definitions: Sequence[Definition]
    products: Sequence[Product]


def unknown_beginning(first: int, problem: SnapshotProblem | None) -> InputError:
    """Why nothing can be known of a log that is kept from message `first` on."""
    why = "there is no snapshot" if problem is None else problem.message
    return InputError(
        f"{why}; and the log cannot be replayed from its beginning, for it is kept from message"
        f" {first} on. Start it once more with the program that ran here before, and stop it; or"
        " start with --anew, which counts everything, budgets too, from that message on"
    )
