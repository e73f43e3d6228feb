"""How an intervention reaches a viewer: one adapter per provider."""
