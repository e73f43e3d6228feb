"""Changes of the ledger go to the database when the decision that they are about is in the log."""

from __future__ import annotations

from qianmian.runtime.messages import Decided, Tick
from qianmian.runtime.spending import Spending
from qianmian.strategies.ledger import Change, Reservation, State
from qianmian.vocabulary.decision import Decision


def change(name: str, state: State) -> Change:
    return Change(name, Reservation("give", "ten_off", 100, 0), state)


def decided(*names: str) -> Decided:
    return Decided(
        tuple(Decision(n, 0, "v", "r", "s", "give", 1, "f", "act", offer="ten_off") for n in names)
    )


def test_what_is_not_in_the_log_yet_is_held_back_in_its_order() -> None:
    by = Spending()
    assert by.durable(Tick(), [change("a", "held"), change("b", "held")]) == []
    assert by.durable(Tick(), [change("a", "given_back")]) == []
    assert by.durable(decided("a"), []) == [change("a", "held"), change("a", "given_back")]
    assert by.durable(Tick(), [change("a", "spent")]) == [change("a", "spent")]
    assert by.durable(decided("c", "b"), [change("b", "spent")]) == [
        change("b", "held"),
        change("b", "spent"),
    ]
