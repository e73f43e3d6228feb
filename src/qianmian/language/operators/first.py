"""`first(order_paid.amount) >= ¥500`: a field of the first such event."""

from qianmian.language.ast import First
from qianmian.language.comparing import edge_operator

OPERATOR = edge_operator("first", First)
