"""The ready-made segments, one file each."""
