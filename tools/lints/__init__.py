"""House rules that no public linter knows, one file each: `python -m tools.lints`."""
