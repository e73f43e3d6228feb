"""Fast against obvious."""
