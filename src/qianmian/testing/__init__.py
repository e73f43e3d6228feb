"""Fakes, a simulated clock and contract checks, shipped for people who extend Qianmian."""
