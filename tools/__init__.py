"""What keeps the house in order: lints, size ratchet, generated pages, set-up. Not shipped."""
