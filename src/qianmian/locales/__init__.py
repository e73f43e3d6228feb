"""Every sentence a person reads, by language and key."""
