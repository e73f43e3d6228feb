"""Ingest over HTTP: from the bytes of a post to a durable batch of events, and the answer to it."""
