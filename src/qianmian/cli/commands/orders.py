"""`qianmian orders import`: past orders, from a table."""

from __future__ import annotations

from qianmian.cli.commands.event_tables import event_table
from qianmian.server.importing import take_orders

command = event_table("orders", take_orders)
