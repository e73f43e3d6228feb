"""From firings to decisions: eligibility, guardrails, arbitration and shared limits, all pure."""
