from __future__ import annotations

import gc

from qianmian.server.garbage import collect_seldom


def test_a_server_looks_for_cycles_seldom_but_does() -> None:
    before = gc.get_threshold()
    try:
        collect_seldom()
        now = gc.get_threshold()
    finally:
        gc.set_threshold(*before)
    assert now[0] > 10 * before[0]
    assert gc.isenabled()
