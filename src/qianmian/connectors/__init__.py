"""Where events come from: one adapter per source, translating its messages to our events."""
