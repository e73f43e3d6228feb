"""Sets of viewers for whom an expression holds now."""
