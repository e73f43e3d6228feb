"""The built-in tags, one file each."""
