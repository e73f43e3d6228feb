"""The page on which a person sees what is known of them; it needs no account."""
