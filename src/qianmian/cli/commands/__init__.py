"""One file per command; each has `command`, which returns the exit code."""
