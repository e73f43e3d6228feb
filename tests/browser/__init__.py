"""Tests in a real browser; `make console` and chromium first."""
