"""What is known of a viewer, with source and confidence for every value."""
