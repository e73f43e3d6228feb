"""Where things are kept: log, definitions, history and snapshots, behind the ports."""
