"""Invented rooms and viewers with known truths, to try definitions on."""
