"""Named, computed statements about a viewer, each with its evidence."""
