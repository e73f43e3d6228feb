"""Strategies: which intervention for whom at which moment, under which limits; decided purely."""
