"""Sending events over HTTP, as the clients of a shop do: for the demo and for measuring."""
