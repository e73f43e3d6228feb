"""Wiring: the only place that knows concrete classes and hands them to those that need them."""

from qianmian.bootstrap.catalogs import active_definitions, load_moments
from qianmian.bootstrap.parts import (
    Cores,
    Cost,
    check_definition_file,
    check_vectors,
    cost_of,
    demo_file,
    lingering_of_moments,
    load_classifier,
    load_formats,
    measure_flips,
    open_recording,
    replay_file,
    simulate,
    warm_up,
)

__all__ = [
    "Cores",
    "Cost",
    "active_definitions",
    "check_definition_file",
    "check_vectors",
    "cost_of",
    "demo_file",
    "lingering_of_moments",
    "load_classifier",
    "load_formats",
    "load_moments",
    "measure_flips",
    "open_recording",
    "replay_file",
    "simulate",
    "warm_up",
]
