"""The obvious slow twin of the engine: keeps every event and judges by definition."""
