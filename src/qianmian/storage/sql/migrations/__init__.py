"""The history of the tables, oldest first; run when a deployment starts."""
