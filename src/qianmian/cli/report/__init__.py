"""A replay as a person reads it in a terminal, one part per file."""
