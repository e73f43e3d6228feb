"""`qianmian members import`: what the shop knows of its members, from a table."""

from __future__ import annotations

from qianmian.cli.commands.event_tables import event_table
from qianmian.server.importing import take_members

command = event_table("members", take_members)
