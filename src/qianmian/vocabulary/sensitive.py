"""Traits of sensitive classes: what nothing that comes with the product reads, guesses or shows.

Sources: 个人信息保护法 (2021), articles 28 to 32.
"""

from __future__ import annotations

from typing import Final

SENSITIVE_TRAITS: Final = frozenset(
    "belief biometrics disability ethnicity health id_number income_account location_track"
    " marriage medical nationality orientation political_view pregnancy race religion sexuality"
    " union".split()
)
"""Sensitive personal information, and what comes near it."""
