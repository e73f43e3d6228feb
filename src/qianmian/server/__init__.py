"""The HTTP edge: ingest routes, management routes and WebSockets over the runtime."""
