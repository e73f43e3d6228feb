"""Models that learn from history and give viewers scores."""
