"""Event batches as columns, bounded dictionaries, and window panes. Pure; NumPy and Arrow only."""
