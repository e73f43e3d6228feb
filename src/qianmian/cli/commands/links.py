"""`qianmian links import`: which ids are one person's, from a table."""

from __future__ import annotations

from qianmian.cli.commands.event_tables import event_table
from qianmian.server.importing import take_links

command = event_table("links", take_links)
