"""Benchmarks of the checkout: `qianmian bench` finds them here; they are no part of the wheel."""
