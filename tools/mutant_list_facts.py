"""Mutants of the rules of facts, of numbers of rooms, and of backfill."""

from __future__ import annotations

from tools.mutant import Mutant

COUNT, SUM, TRAIT, FACTS = (
    "operators/count.py",
    "operators/sum.py",
    "operators/trait.py",
    "facts.py",
)
NUMBER = "operators/number.py"
WORLD, VIEW, NUMBERS, WITHHELD = "world.py", "view.py", "numbers.py", "withheld.py"

FACT_MUTANTS = (
    Mutant("FACTS live since the boundary", VIEW, "e.event_time >= facts.boundary", "True"),
    Mutant(
        "FACTS an event at the boundary is live",
        VIEW,
        "e.event_time >= facts.boundary",
        "e.event_time > facts.boundary",
    ),
    Mutant("FACTS days of the window", VIEW, "ago * DAY_MS <= within", "True"),
    Mutant(
        "FACTS oldest day counts whole",
        VIEW,
        "ago * DAY_MS <= within",
        "ago * DAY_MS < within",
    ),
    Mutant("FACTS add to counts", COUNT, "compare(before + len(live),", "compare(len(live),"),
    Mutant(
        "FACTS add to sums",
        SUM,
        "compare(before + sum(",
        "compare(sum(",
    ),
    Mutant(
        "FACTS a column that is not carried is unknown",
        COUNT,
        "if is_unknown(tree, column_of(tree), view.facts):",
        "if is_long(tree) and view.facts is None:",
    ),
    Mutant(
        "FACTS fire nothing",
        WORLD,
        "self._change_silently(row, holdings, self._holdings(row, clock))",
        "pass",
    ),
    Mutant("FACTS because on top", COUNT, " else 0) - before\n", " else 0)\n"),
    Mutant(
        "FACTS live traits since the boundary are newer",
        TRAIT,
        "entry.event_time < since:",
        "True:",
    ),
    Mutant(
        "FACTS traits before the boundary are older", TRAIT, "entry.event_time < since:", "False:"
    ),
    Mutant(
        "FACTS traits not named stay",
        TRAIT,
        "if value is not None:",
        "if True:",
    ),
    Mutant(
        "FACTS last seen",
        WORLD,
        "Row(viewer, room, seen_before=self.seen_at.get(viewer))",
        "Row(viewer, room)",
    ),
    Mutant(
        "BACKFILLED counts what was in the range",
        "run.py",
        "        world.adopt(past, definition.key, clock)",
        "        pass",
    ),
    Mutant(
        "BACKFILLED the range begins where it says",
        "run.py",
        "if one[0] >= since and not told:",
        "if not told:",
    ),
    Mutant(
        "BACKFILLED what fired in the range has fired",
        WORLD,
        "if fired[0] == key:",
        "if False:",
    ),
    Mutant(
        "BACKFILLED fires nothing",
        "rows.py",
        "self.truth[key] = other.truth.get(key, set())",
        "pass",
    ),
    Mutant(
        "MERGE of a row without a visit that the facts know",
        "joining.py",
        "[*ends, *told, *_given(",
        "[*ends, *_given(",
    ),
    Mutant("ROOM online is of those present", NUMBERS, "row.present for row", "1 for row"),
    Mutant("ROOM orders of one minute", NUMBERS, "entry.clock > now - MINUTE_MS", "True"),
    Mutant(
        "ROOM the log counts, not what is computed",
        NUMBERS,
        'state.facts[one["name"]] = one["value"]',
        "pass",
    ),
    Mutant(
        "ROOM a logged number lasts",
        NUMBERS,
        "if now > max(",
        "if now not in [one['second'] for one in logged] or now > max(",
    ),
    Mutant(
        "ROOM after the log numbers are computed",
        NUMBERS,
        "default=-1):",
        "default=-1) and not logged:",
    ),
    # -- tags taken away
    Mutant(
        "CONSENT a tag taken away is not theirs", VIEW, 'if rule.kind == "tag" and', "if False and"
    ),
    Mutant(
        "CONSENT the latest word counts",
        WITHHELD,
        "if old is None or new[:2] > old[:2]",
        "if True or new[:2] > old[:2]",
    ),
    Mutant(
        "CONSENT of two words of one instant the refusal",
        WITHHELD,
        "(new[:2] == old[:2] and not new[2])",
        "False",
    ),
    Mutant(
        "CONSENT of two ids the stricter word",
        WITHHELD,
        "own[2] and theirs[2]",
        "max(own, theirs)[2]",
    ),
    Mutant(
        "CONSENT values go with their tag",
        WITHHELD,
        'level == tag or level.startswith(tag + "_")',
        "level == tag",
    ),
    Mutant(
        "CONSENT no other tag goes with it",
        WITHHELD,
        'level.startswith(tag + "_")',
        "level.startswith(tag)",
    ),
    Mutant(
        "CONSENT nothing fires from a word",
        WORLD,
        "self._silently(viewer, clock, lambda: self.withheld.say(viewer, event, clock))",
        "self.withheld.say(viewer, event, clock)",
    ),
    Mutant(
        "CONSENT a loved brand goes with its tag",
        TRAIT,
        "if dimension != tree",
        "if False and dimension != tree",
    ),
    Mutant(
        "NUMBER what is no number is unknown",
        NUMBER,
        "return value if isinstance(value, int | float) and not isinstance(value, bool) else None",
        "return value",
    ),
    Mutant(
        "NUMBER a long window is unknown without facts",
        NUMBER,
        "return None\n    live",
        "return 0\n    live",
    ),
    Mutant(
        "NUMBER who took the tag away has none",
        "operators/tag_number.py",
        "bool(view.level_of(rule))",
        "bool(view.of_rule(rule).holds(rule.tree))",
    ),
)
