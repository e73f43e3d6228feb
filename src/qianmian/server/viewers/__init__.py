"""The viewers' side: their sockets and streams, and what they are sent."""
