"""How smooth the board is with 5,000 rows at 5 messages a second: `python -m tools.board_frames`.

Prints figures and judges nothing: they are those of this machine, and of what else it does.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from statistics import median, quantiles
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

import hatch_build
from tools.board_feed import Evening, Feed
from tools.chromium import FLAGS, NAMES
from tools.lints.walk import ROOT

SIZES: Final = ((1440, 900), (1920, 1080))
HZ: Final = 5
WARM_S: Final = 3
FOR_S: Final = 15
WAIT_MS: Final = 60_000

# Gaps between frames, and how long the main thread was not to be had.
LISTEN: Final = """() => {
  window.gaps = []; window.long = []
  let last = performance.now()
  const frame = (at) => { window.gaps.push(at - last); last = at; requestAnimationFrame(frame) }
  requestAnimationFrame((at) => { last = at; requestAnimationFrame(frame) })
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.long.push(one.duration)
  }).observe({ entryTypes: ['longtask'] })
}"""
HEARD: Final = """() => ({
  gaps: window.gaps, long: window.long,
  rows: document.querySelectorAll('[data-part=hesitating] .ant-table-row').length,
  seq: Number(document.querySelector('.board').dataset.seq),
})"""


def main() -> int:
    """0 measured, 1 something is missing."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None or not hatch_build.is_built(ROOT):
        print("needs chromium and the built pages: make console", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        for width, height in SIZES:
            page = browser.new_page(viewport={"width": width, "height": height})
            print(json.dumps({"size": f"{width}x{height}"} | _measured(page)))
            page.close()
        browser.close()
    return 0


def _measured(page: Page) -> dict[str, Any]:
    """Figures of one page. Units: ms; fps is 1,000 / the median gap between frames."""
    feed = Feed(ROOT / hatch_build.PAGES, Evening())
    with feed.served():
        page.goto(feed.room_url)
        page.locator(".board[data-freshness=live]").wait_for(timeout=WAIT_MS)
        _push(feed, WARM_S)
        page.evaluate(LISTEN)
        pushed = _push(feed, FOR_S)
        page.wait_for_function(f"document.querySelector('.board').dataset.seq === '{pushed}'")
        heard = page.evaluate(HEARD)
    gaps = heard["gaps"]
    return {
        "rows": feed.evening.rows,
        "rows_in_page": heard["rows"],
        "messages_per_s": HZ,
        "fps": round(1_000 / median(gaps), 1),
        "frames_per_s": round(1_000 * len(gaps) / sum(gaps), 1),
        "frame_p99_ms": round(quantiles(gaps, n=100)[98], 1),
        "frame_longest_ms": round(max(gaps), 1),
        "busy_beyond_50_ms": len(heard["long"]),
    }


def _push(feed: Feed, seconds: float) -> int:
    """Messages at their pace for so long; the seq of the last."""
    start = time.monotonic()
    seq = 0
    for number in range(int(seconds * HZ)):
        time.sleep(max(0.0, start + number / HZ - time.monotonic()))
        seq = feed.push()
    return seq


if __name__ == "__main__":
    sys.exit(main())
