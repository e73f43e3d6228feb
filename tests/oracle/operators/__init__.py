"""One file per operator of the condition language; `tests/oracle/judge.py` joins them."""
