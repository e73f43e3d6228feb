"""What the exit code of a command means."""

OK = 0
FINDINGS = 1
"""The command did its work, and what it looked at is not right."""
UNUSABLE = 2
"""The call, or a file it names, cannot be used."""
STOPPED = 130
"""Stopped by the user."""
