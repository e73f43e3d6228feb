"""Mutants of the rules of docs/semantics.md: one wrong line of the oracle each.

`old` stands exactly once in the file; `tools/mutants.py` fails when it does not, so that the list
cannot rot.
"""

from __future__ import annotations

from tools.mutant import Mutant
from tools.mutant_list_facts import FACT_MUTANTS
from tools.mutant_list_time import TIME_MUTANTS

WORLD, ROWS, VIEW, EVENTS = "world.py", "rows.py", "view.py", "events.py"
INSTANCES, JUDGE, JOINING = "instances.py", "judge.py", "joining.py"
NUMBERS, WITHOUT = "numbers.py", "operators/without.py"

MUTANTS = (
    *TIME_MUTANTS,
    *FACT_MUTANTS,
    # -- people, rooms, orders
    Mutant("SESSION silent for 30 min", WORLD, "SILENT_MS = 30 * 60_000", "SILENT_MS = 1 << 50"),
    Mutant(
        "SESSION 30 min inclusive",
        WORLD,
        "state.last_clock + SILENT_MS,",
        "state.last_clock + SILENT_MS - 1,",
    ),
    Mutant("SESSION started lasts until it ends", WORLD, "or state.is_explicit:", "or False:"),
    Mutant("SESSION end clears the once-set", WORLD, "del self.once[name]", "pass"),
    Mutant(
        "SESSION end takes the rows",
        WORLD,
        "for row in self._rows_of_room(room):\n            self._bury(row)",
        "for row in self._rows_of_room(room):\n            pass",
    ),
    Mutant(
        "SESSION end empties the room",
        WORLD,
        "self.rooms[room] = RoomState(room)\n\n",
        "self.rooms[room].is_open = False\n\n",
    ),
    Mutant(
        "SESSION end after the timers of its instant",
        WORLD,
        "is not None and now <= clock:\n            for rows",
        "is not None and now <= clock:\n"
        "            for state in list(self.rooms.values()):\n"
        "                if self._session_end(state) == now:\n"
        "                    self._end_session(state.name)\n"
        "            for rows",
    ),
    Mutant(
        "PERSON events without a room reach every live row",
        WORLD,
        "for name in sorted(rows):",
        "for name in sorted(rows)[:1]:",
    ),
    Mutant("PERSON orders cancel in every row", WORLD, "if entry.type in ORDERS:", "if False:"),
    Mutant(
        "PERSON orders with a room count there only",
        WORLD,
        "row.elsewhere.append(entry)",
        "row.add(entry)",
    ),
    Mutant("Hints count for nothing", EVENTS, 'not self.event.get("verified", 1)', "False"),
    Mutant("Hints fire nothing", WORLD, "cancels_only=entry.is_hint)", "cancels_only=False)"),
    Mutant("Hints are in no list", VIEW, "(hints or not e.is_hint)", "True"),
    Mutant("Hints cancel what comes later, too", WITHOUT, "entries, hints=True)", "entries)"),
    Mutant("Hints are no orders of the room", NUMBERS, " and not entry.is_hint]", "]"),
    Mutant(
        "PERSON events without a room never make present",
        WORLD,
        "entry, shows_presence=False)",
        "entry, shows_presence=True)",
    ),
    Mutant(
        "PAGE another product ends the view",
        "operators/viewing.py",
        'return product != one.product and entry.event.get("page_id") == one.page_id',
        "return False",
    ),
    Mutant(
        "PAGE page_id separates views",
        "operators/viewing.py",
        'return product != one.product and entry.event.get("page_id") == one.page_id',
        "return product != one.product",
    ),
    Mutant(
        "PAGE the same product does not restart",
        "operators/viewing.py",
        'return product != one.product and entry.event.get("page_id") == one.page_id',
        'return entry.event.get("page_id") == one.page_id',
    ),
    Mutant(
        "PAGE product_left ends the view of that product",
        "operators/viewing.py",
        "return product is not None and product == one.product",
        "return True",
    ),
    Mutant(
        "PAGE product_left that came before",
        "operators/viewing.py",
        "left.get(one.product), row",
        "row",
    ),
    Mutant("PAGE another view that came before", "operators/viewing.py", ", *others]", "]"),
    Mutant(
        "IDLE idle_ms of a heartbeat",
        ROWS,
        'return entry.event_time - int(entry.event["idle_ms"])',
        "return entry.event_time",
    ),
    Mutant(
        "IDLE a heartbeat is no operation",
        ROWS,
        "if entry.viewer and entry.about.operation:",
        'if entry.viewer and (entry.about.operation or entry.type == "heartbeat"):',
    ),
    Mutant("IDLE greatest event time", ROWS, "time > best[0]", "entry.arrival > best[1].arrival"),
    Mutant("IDLE only visible", "operators/idle.py", "or row.hidden_since() is not None", ""),
    Mutant("IDLE only present", "operators/idle.py", "or not row.present ", ""),
    Mutant(
        "IDLE on an open page only",
        "operators/idle.py",
        'if tree["on_product_page"]:\n        pages',
        "if False:\n        pages",
    ),
    Mutant("IDLE as a timer", "operators/idle.py", "is_event=view.is_event", "is_event=False"),
    Mutant(
        "VISIBLE greatest event time decides",
        ROWS,
        "for entry in self.entries:\n            visible",
        "for entry in sorted(self.entries, key=lambda e: e.arrival):\n            visible",
    ),
    Mutant(
        "VISIBLE first hiding report",
        ROWS,
        "elif visible is False and since is None:",
        "elif visible is False:",
    ),
    Mutant(
        "VISIBLE an operation shows",
        ROWS,
        "return True if entry.about.operation else None",
        "return None",
    ),
    Mutant(
        "VISIBLE leaving cancels its timer",
        "operators/hidden.py",
        "since is not None and row.present",
        "since is not None",
    ),
    Mutant(
        "IN ROOM as a timer",
        "operators/in_room.py",
        "is_event=view.is_event",
        "is_event=False",
    ),
    Mutant(
        "IN ROOM from the least event time",
        ROWS,
        "if entry.order < visit.first.order:",
        "if False:",
    ),
    Mutant("LEAVING after 45 s", ROWS, "GONE_MS = 45_000", "GONE_MS = 60_000"),
    Mutant("LEAVING at exactly 45 s", ROWS, "GONE_MS = 45_000", "GONE_MS = 44_999"),
    Mutant(
        "LEAVING by room_left",
        WORLD,
        "row.leave_for_good(entry.event_time)\n        elif",
        "pass\n        elif",
    ),
    Mutant(
        "LEAVING elsewhere by the same stream",
        WORLD,
        "if name != own.room and is_same and row.present:",
        "if False:",
    ),
    Mutant("LEAVING another stream does not", WORLD, "row.stream[1] == stream", "True"),
    Mutant(
        "LEAVING cancels",
        ROWS,
        "self.cancel_all(event_time)\n\n    def leave_for_good",
        "pass\n\n    def leave_for_good",
    ),
    Mutant(
        "LEAVING product_withdrawn cancels",
        WORLD,
        'row.cancel_all(entry.event_time, entry.event.get("product"))',
        "pass",
    ),
    Mutant(
        "LEAVING product_withdrawn of that product only",
        WORLD,
        'row.cancel_all(entry.event_time, entry.event.get("product"))',
        "row.cancel_all(entry.event_time)",
    ),
    Mutant(
        "LEAVING the visit ended when last seen",
        "operators/previous_visit.py",
        'end > view.now - tree["ago_ms"]',
        'end + 45_000 > view.now - tree["ago_ms"]',
    ),
    Mutant(
        "VISIT another id",
        ROWS,
        "starts = not self.present or another",
        "starts = not self.present",
    ),
    Mutant(
        "VISIT not from before the leaving",
        ROWS,
        "if self.left_at is not None and entry.event_time <= self.left_at:",
        "if False:",
    ),
    Mutant(
        "VISIT previous in another room",
        ROWS,
        "is_earlier = other.visit is not None and",
        "is_earlier = False and other.visit is not None and",
    ),
    Mutant("EVICTION at all", ROWS, "EVICTED_MS = 30 * 60_000", "EVICTED_MS = 1 << 50"),
    Mutant("EVICTION at a whole minute", ROWS, "MINUTE_MS = 60_000", "MINUTE_MS = 1"),
    Mutant("EVICTION not while armed", WORLD, "== now and not row.is_armed:", "== now:"),
    Mutant(
        "EVICTION keeps the once-set",
        WORLD,
        "self.buried.append(row)",
        "self.buried.append(row)\n        self.once.pop((row.viewer, row.room), None)",
    ),
    Mutant(
        "ORDERS one key per item",
        VIEW,
        "return list(dict.fromkeys(key for one in meant for key in key_values(one, same)))",
        "return list(dict.fromkeys(key for one in meant for key in key_values(one, same)))[:1]",
    ),
    Mutant(
        "ORDERS the sum of the items",
        EVENTS,
        "return sum(amounts) if amounts and None not in amounts else None",
        "return None",
    ),
    Mutant(
        "MERGE later events are the known viewer's",
        WORLD,
        "return self.links.get(own, own)",
        "return own",
    ),
    Mutant("MERGE once-sets unite", WORLD, "mine[name] = max(at, mine.get(name, at))", "pass"),
    Mutant("MERGE moves instances", JOINING, "own.slots[name].absorb(slot)", "pass"),
    Mutant(
        "MERGE lists by time",
        JOINING,
        "own.entries = sorted([*own.entries, *other.entries], key=lambda e: e.order)",
        "pass",
    ),
    Mutant(
        "MERGE lesser start",
        JOINING,
        "min(mine.first, theirs.first,",
        "max(mine.first, theirs.first,",
    ),
    Mutant(
        "MERGE a level true on either side is no news",
        JOINING,
        "own.truth[rule] = own.truth.get(rule, set()) | tokens",
        "own.truth[rule] = set()",
    ),
    Mutant("MERGE what A brings stands before", JOINING, "replace(entry, rank=rank)", "entry"),
    Mutant(
        "MERGE a visit that is over is previous",
        JOINING,
        "own.previous = max([*ends, *told, *_given(own.previous, other.previous)], default=None)",
        "own.previous = max([*told, *_given(own.previous, other.previous)], default=None)",
    ),
    Mutant("MERGE a state stays true", JOINING, "TimerFlag(any(either), is", "TimerFlag(False, is"),
    Mutant(
        "EDIT what has its turn at the clock of the edit is not past",
        WORLD,
        "row.before(clock)",
        "row",
    ),
    Mutant(
        "EDIT windows that close at its clock close after it",
        WORLD,
        "after = self._holdings(row.just_before(clock), clock - 1)",
        "after = self._holdings(row, clock)",
    ),
    Mutant("SESSION what arrives shows that it is on", WORLD, "self._hear(event, clock)", "pass"),
    Mutant("MERGE whatever its key", JOINING, "tokens.add(EVERY)", "pass"),
    Mutant("ROOM events evaluate no levels", WORLD, "if entry.type in CANCELLING:", "if True:"),
    Mutant(
        "VISIT what another row holds as previous",
        ROWS,
        "ends += [other.previous, other.last_seen if is_earlier else None]",
        "ends += [other.last_seen if is_earlier else None]",
    ),
    Mutant(
        "VIEW true for one instant only",
        WORLD,
        "if any(brief):",
        "if False:",
    ),
    Mutant("MERGE one page in focus", JOINING, "cancel(one, newer.entry.event_time)", "pass"),
    Mutant("MERGE views that are over", JOINING, "slot.cancel(one, newer.event_time)", "pass"),
    Mutant("MERGE once only", WORLD, "if other in self.links or is_anonymous(known):", "if False:"),
    Mutant(
        "MERGE due before the link fires before it",
        WORLD,
        "self.advance(clock - 1)\n        placed",
        "placed",
    ),
    # -- firing and definition
    Mutant("FIRING rising edge", JUDGE, "if token not in before:", "if True:"),
    Mutant("FIRING once per session and key", WORLD, "if last is not None and (", "if False and ("),
    Mutant(
        "FIRING once per key, not per moment",
        WORLD,
        "last = last_by_key.get((rule.key, key))",
        "last = max((t for n, t in last_by_key.items() if n[0] == rule.key), default=None)",
    ),
    Mutant(
        "FIRING again at exactly D",
        WORLD,
        "at < last + rule.again_after_ms",
        "at <= last + rule.again_after_ms",
    ),
    Mutant(
        "FIRING what is true of nobody is no news",
        WORLD,
        "row.truth[rule] = set(holding)  # what is true of nobody is no news",
        "pass",
    ),
    Mutant(
        "FIRING output order",
        "run.py",
        '(f.at, f.viewer or "", f.room, f.moment, f.key or "")',
        '(f.at, f.room, f.viewer or "", f.moment, f.key or "")',
    ),
    Mutant(
        "EDIT keeps what only numbers changed",
        "convert.py",
        "and shape(old.tree) == shape(new.tree)",
        "and False",
    ),
    Mutant(
        "EDIT anything else is new",
        "convert.py",
        "and shape(old.tree) == shape(new.tree)",
        "and True",
    ),
    Mutant(
        "EDIT due recomputed",
        WORLD,
        'self.counts["superseded"] += slot.retime(wanted, node["wait_ms"], clock)',
        "pass",
    ),
    Mutant(
        "EDIT superseded, no burst",
        INSTANCES,
        "if one.turn(wanted_ms, wait_ms) < clock",
        "if False",
    ),
    Mutant(
        "EDIT fires nothing", WORLD, "row.truth[rule.key] = set(after.get(rule.key, {}))", "pass"
    ),
    Mutant(
        "EDIT of a tag fires no moment",
        WORLD,
        "self._change_silently(row, holdings, after)",
        "pass",
    ),
    Mutant(
        "EDIT counts from the edit",
        WORLD,
        "rule = rule_of(definition, self.arrivals)",
        "rule = rule_of(definition, 0)",
    ),
    Mutant(
        "EDIT keeps the once-set",
        WORLD,
        "self._retime(rule, rows, clock)",
        "self._retime(rule, rows, clock); self.once.clear()",
    ),
    # -- the room
    Mutant(
        "ROOM events for viewers who enter later",
        "operators/then.py",
        "(own.get(key), of_room.get(key))",
        "(own.get(key), None)",
    ),
    Mutant(
        "ROOM facts fire nothing",
        WORLD,
        "self._change_silently(row, before, self._holdings(row, entry.clock))",
        "pass",
    ),
    Mutant(
        "ROOM facts guard room moments",
        JUDGE,
        "holding = and_.guarded(holding, guards, view)",
        "holding = dict(holding)",
    ),
    Mutant(
        "ROOM guards see events of the room",
        VIEW,
        "[*self.row.entries, *self.room.entries]",
        "self.row.entries",
    ),
    Mutant(
        "ROOM guards make nothing true",
        JUDGE,
        "guards = [part for part in parts if reads_room(part)]",
        "guards = []",
    ),
    Mutant(
        "ROOM facts are guards, too",
        VIEW,
        'node["op"] == "room_fact" or is_room_level(node)',
        "is_room_level(node)",
    ),
    Mutant(
        "ROOM guards of a key ask for the key that fires",
        "operators/count.py",
        "if view.key in keys[id(e)]",
        "if keys[id(e)]",
    ),
    Mutant(
        "ROOM guards of a key wait for the key",
        "operators/and_.py",
        '(is_room_level(node) and node.get("same") is not None)',
        "False",
    ),
    Mutant("ROOM guards 64", "operators/count.py", "MAX_OF_ROOM = 64", "MAX_OF_ROOM = 99"),
    Mutant(
        "ROOM guards not fewer than 64",
        "operators/count.py",
        "MAX_OF_ROOM = 64",
        "MAX_OF_ROOM = 63",
    ),
    Mutant("ROOM comment about what is presented", EVENTS, 'out["product"] = presenting', "pass"),
    Mutant(
        "ROOM a withdrawn product is not presented",
        WORLD,
        'state.facts.pop("presenting", None)',
        "pass",
    ),
    Mutant(
        "ROOM only the presented one is withdrawn",
        WORLD,
        'and state.facts.get("presenting") == product',
        "",
    ),
    Mutant(
        "ROOM moments count by clock",
        VIEW,
        "return entry.clock if self.row is None",
        "return entry.event_time if self.row is None",
    ),
    Mutant("ROOM moments at whole seconds", WORLD, "SECOND_MS = 1_000", "SECOND_MS = 100"),
    Mutant(
        "ROOM moments at the second itself",
        WORLD,
        "return second if second <= until else None",
        "return second + 1_000 if second <= until else None",
    ),
    Mutant(
        "ROOM each room for itself",
        WORLD,
        "self.rooms[row.room].log.append(entry)",
        "[state.log.append(entry) for state in self.rooms.values()]",
    ),
    # -- readings
    Mutant(
        "READINGS each A arms",
        INSTANCES,
        "self.instances.append(instance)\n",
        "self.instances = [i for i in self.instances if i.key != instance.key]\n"
        "        self.instances.append(instance)\n",
    ),
    Mutant(
        "READINGS a B without a product cancels nothing",
        EVENTS,
        "found = [value for value in (items or own) if value is not None]",
        "found = list(items or own)",
    ),
    Mutant(
        "READINGS least event time of the cancellers",
        INSTANCES,
        "if instance.cancel is None or event_time < instance.cancel:",
        "if instance.cancel is None:",
    ),
    Mutant(
        "READINGS level of a view ends with its canceller",
        INSTANCES,
        "return one.fired or one.cancel",
        "return one.cancel",
    ),
    Mutant("READINGS this visit", VIEW, "e.event_time >= visit.start", "True"),
    Mutant(
        "READINGS `or` of pulses once per key",
        "operators/or_.py",
        "found[key] = found.get(key, frozenset()) | why",
        "found.setdefault(key, why)",
    ),
    Mutant(
        "READINGS a fired absence is a pulse at its instant",
        INSTANCES,
        "self.firing = []\n        before",
        "before",
    ),
    Mutant(
        "READINGS because: the newest k",
        "operators/count.py",
        "ids(*found[-enough:])",
        "ids(*found[:enough])",
    ),
    Mutant(
        "READINGS because: the newest that reach the sum",
        "operators/sum.py",
        'if compare(reached, tree["cmp"], tree["value"]):\n            break',
        "if False:\n            break",
    ),
    Mutant(
        "READINGS because: only A of an absence",
        "operators/without.py",
        "| ids(one.entry)\n    return found",
        "\n    return found",
    ),
    Mutant(
        "READINGS ascending because",
        WORLD,
        "key, tuple(sorted(because))",
        "key, tuple(sorted(because, reverse=True))",
    ),
    Mutant(
        "READINGS unknown is false",
        VIEW,
        "if left is None or right is None:\n        return False",
        'if left is None or right is None:\n        return cmp == "!="',
    ),
    Mutant(
        "READINGS the key of a view",
        "operators/and_.py",
        "if left[0] is None:\n        return right",
        "if left[0] is None:\n        return left",
    ),
    Mutant(
        "READINGS restart",
        "run.py",
        'if what in ("tick", "restart", "room_fact"):',
        'if what == "restart":\n        world.rows.clear()\n'
        '    elif what in ("tick", "room_fact"):',
    ),
)
