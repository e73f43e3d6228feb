"""What drives the engine's shards: one process here, a cluster elsewhere, the same core."""
