"""Hand-written stand-ins, each with its own file."""
