"""The only floor that waits and knows the domain: ports, ingest, dispatch, definitions, replay."""
