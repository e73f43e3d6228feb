"""One file per operator, collected by `language/catalog.py`."""
