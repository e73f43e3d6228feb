"""Moments: named patterns over one viewer's live behavior, each one file in `catalog/`."""
