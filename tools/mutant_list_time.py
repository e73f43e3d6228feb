"""Mutants of the rules of time, timers, the log and duplicates."""

from __future__ import annotations

from tools.mutant import Mutant

WORLD, ROWS, VIEW = "world.py", "rows.py", "view.py"
HOUR = "operators/hour.py"
INSTANCES, DUPLICATES = "instances.py", "duplicates.py"

TIME_MUTANTS = (
    # -- clock and time
    Mutant("EVENT TIME clamped to arrival", WORLD, "min(int(given), clock)", "int(given)"),
    Mutant("WATERMARK strict", WORLD, "if event_time < watermark:", "if event_time <= watermark:"),
    Mutant("WATERMARK applied", WORLD, "if event_time < watermark:", "if event_time < -1:"),
    Mutant("WATERMARK exceptions", WORLD, "if not about.never_late:", "if True:"),
    Mutant("WATERMARK late orders stand at it", WORLD, "event_time = watermark\n", "pass\n"),
    Mutant(
        "NOW is the clock",
        VIEW,
        "self.now - within < self._time_of(e)",
        "max(map(self._time_of, entries)) - within < self._time_of(e)",
    ),
    Mutant(
        "WINDOWS open at the old end",
        VIEW,
        "self.now - within < self._time_of(e)",
        "self.now - within <= self._time_of(e)",
    ),
    Mutant(
        "WINDOWS expiry flips without an event",
        "operators/count.py",
        'yield entry.event_time + tree["within"]',
        "yield -1",
    ),
    Mutant(
        "WINDOWS panes",
        "operators/count.py",
        "start + pane > now - within",
        "e.event_time > now - within",
    ),
    Mutant("HOUR from the first time on", HOUR, "begin <= shown < end", "begin < shown < end"),
    Mutant("HOUR before the second time", HOUR, "begin <= shown < end", "begin <= shown <= end"),
    Mutant("HOUR over midnight", HOUR, "not end <= shown < begin", "not end < shown < begin"),
    Mutant("HOUR of the zone", HOUR, 'ZoneInfo(where["zone"] or SHOP_ZONE)', "ZoneInfo(SHOP_ZONE)"),
    Mutant("HOUR of a late order", WORLD, '"applied_at": event_time', '"applied_at": clock'),
    Mutant("WINDOWS sum over 64", "operators/sum.py", "MAX_AMOUNTS = 64", "MAX_AMOUNTS = 99"),
    Mutant("WINDOWS 8 keys", ROWS, "MAX_KEYS = 8", "MAX_KEYS = 99"),
    Mutant("WINDOWS not fewer than 8 keys", ROWS, "MAX_KEYS = 8", "MAX_KEYS = 7"),
    Mutant(
        "Keyed lists of each key as many as are asked for",
        ROWS,
        "self.by_key.setdefault(key, []).append(entry)",
        "self.by_key[key] = [*self.by_key.get(key, ()), entry][-39:]",
    ),
    Mutant(
        "Keyed lists of each key its own",
        ROWS,
        "self.by_key.setdefault(key, []).append(entry)",
        "self.by_key.setdefault(key, []).append(entry)\n            self.by_key = "
        "{k: e for k, e in self.by_key.items() if e[-1].arrival > entry.arrival - 64}",
    ),
    Mutant(
        "Keyed lists the later line is the newer",
        ROWS,
        "self.lines[key, entry.arrival] = line",
        "self.lines[key, entry.arrival] = -line",
    ),
    Mutant("WINDOWS 8 instances", INSTANCES, "MAX_INSTANCES = 8", "MAX_INSTANCES = 99"),
    Mutant(
        "WINDOWS not fewer than 8 instances", INSTANCES, "MAX_INSTANCES = 8", "MAX_INSTANCES = 7"
    ),
    Mutant("ORDER by event time", ROWS, "self.entries.sort(key=lambda e: e.order)", "pass"),
    Mutant(
        "ORDER events before timers",
        WORLD,
        "self.advance(clock - 1)\n        placed",
        "self.advance(clock)\n        placed",
    ),
    Mutant(
        "ORDER leaving before timers",
        WORLD,
        "ends is not None and ends <= now:",
        "ends is not None and ends < now:",
    ),
    Mutant(
        "TIMERS at the end of a file",
        "run.py",
        "world.advance(last if",
        "world.advance(last - 1 if",
    ),
    Mutant(
        "TIMERS decision time is due",
        INSTANCES,
        "self.due(wanted_ms) + wait_ms, self.armed",
        "self.due(wanted_ms) + wait_ms + 1, self.armed",
    ),
    Mutant(
        "TIMERS cancelled at exactly due",
        INSTANCES,
        "one.cancel <= one.due(self.wanted_ms)",
        "one.cancel < one.due(self.wanted_ms)",
    ),
    Mutant(
        "TIMERS already past: clock of arming",
        INSTANCES,
        "max(self.due(wanted_ms) + wait_ms, self.armed)",
        "self.due(wanted_ms) + wait_ms if self.due(wanted_ms) >= self.armed else 1 << 60",
    ),
    Mutant(
        "TIMERS already past: event time compared with due",
        INSTANCES,
        "return one.fired or one.cancel <= one.due(self.wanted_ms)",
        "return one.fired or one.cancel <= one.turn(self.wanted_ms, 0)",
    ),
    Mutant(
        "TIMERS wait delays",
        INSTANCES,
        "self.due(wanted_ms) + wait_ms, self.armed",
        "self.due(wanted_ms), self.armed",
    ),
    Mutant(
        "TIMERS wait: what comes after does not disturb",
        INSTANCES,
        "one.cancel <= one.due(self.wanted_ms)",
        "one.cancel <= one.due(self.wanted_ms) + self.wait_ms",
    ),
    Mutant(
        "SEQUENCE within T inclusive",
        "operators/then.py",
        'latest.event_time > tree["within_ms"]',
        'latest.event_time >= tree["within_ms"]',
    ),
    Mutant(
        "SEQUENCE A before B",
        "operators/then.py",
        "latest is None or latest.order > entry.order",
        "latest is None",
    ),
    Mutant(
        "SEQUENCE latest A by order",
        "operators/then.py",
        'sorted(view.selected(tree["first"], entries), key=lambda e: e.order)',
        'sorted(view.selected(tree["first"], entries), key=lambda e: e.arrival)',
    ),
    Mutant("SEQUENCE same visit", "operators/then.py", "latest.event_time < visit.start", "False"),
    Mutant("ABSENCE correlated", "operators/without.py", "if one.key == key:", "if True:"),
    Mutant(
        "ABSENCE a B before its A by order does not cancel",
        INSTANCES,
        "if event_time < instance.entry.event_time:",
        "if False:",
    ),
    Mutant(
        "ABSENCE a B that came before its A",
        "operators/without.py",
        "[kept.get(key), row.left_at]",
        "[row.left_at]",
    ),
    Mutant(
        "ABSENCE room_left that came before its A",
        "operators/without.py",
        "[kept.get(key), row.left_at]",
        "[kept.get(key)]",
    ),
    Mutant(
        "ABSENCE ties: position decides",
        "operators/without.py",
        "time > one.entry.event_time",
        "time >= one.entry.event_time",
    ),
    # -- log and inputs
    Mutant("DUPLICATES message_id", DUPLICATES, "clock - first <= KEPT_MS", "False"),
    Mutant("DUPLICATES for one hour", DUPLICATES, "KEPT_MS = 3_600_000", "KEPT_MS = 1 << 60"),
    Mutant(
        "DUPLICATES stream and seq first",
        DUPLICATES,
        "if stream is not None and seq is not None:",
        "if False:",
    ),
    Mutant("DUPLICATES gaps may be filled", DUPLICATES, "if gap[0] <= seq <= gap[1]:", "if False:"),
    Mutant(
        "DUPLICATES a gap is filled once",
        DUPLICATES,
        "self.gaps.remove(gap)",
        "self.gaps.remove(gap); self.gaps.append((seq, seq))",
    ),
    Mutant("DUPLICATES 8 gaps", DUPLICATES, "MAX_GAPS = 8", "MAX_GAPS = 99"),
    Mutant("DUPLICATES not fewer than 8 gaps", DUPLICATES, "MAX_GAPS = 8", "MAX_GAPS = 7"),
    Mutant("DUPLICATES 4 streams", DUPLICATES, "MAX_STREAMS = 4", "MAX_STREAMS = 99"),
    Mutant(
        "DUPLICATES a jump is a new stream",
        DUPLICATES,
        'self.streams[source, stream] = _opened(seq)\n        return "new"',
        "self.streams[source, stream] = _opened(seq)\n"
        '        return "new" if known is None else "gap_lost"',
    ),
    Mutant(
        "DUPLICATES per viewer",
        WORLD,
        "self.seen.setdefault(viewer, Seen())",
        'self.seen.setdefault("", Seen())',
    ),
    Mutant(
        "DUPLICATES orders by order_id",
        DUPLICATES,
        "if before is None or (verified and not before):",
        "if True:",
    ),
    Mutant(
        "DUPLICATES refunds by refund_id", DUPLICATES, 'str(event.get("refund_id") or "")', '""'
    ),
    Mutant(
        "DUPLICATES move with a merge",
        WORLD,
        "self.seen.setdefault(known, Seen()).absorb(self.seen.pop(other, Seen()))",
        "pass",
    ),
)
