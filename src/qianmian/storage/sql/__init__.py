"""What a deployment knows about itself: sources, write keys, accounts. Now in SQLite."""
