"""Assignment, holdouts and effects with intervals: what a strategy really changed."""
