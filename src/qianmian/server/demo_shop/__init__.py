"""The page of the demonstration on which a visitor is one of the viewers."""
