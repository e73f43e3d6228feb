"""The built-in moments, one file each."""
