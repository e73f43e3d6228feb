/** Nothing of a strategy can change without whoever approves it being shown that. */
import { expect, test } from 'vitest'
import type { Goal, Reaching, Schedule, Strategy, StrategyDetail, StrategyLimits, StrategyVersion, Tolerance } from '@/api/types'
import { shownOf } from '@/features/strategies/strategy-page'
import { changesOf, type Namings, rowsOf } from '@/features/strategies/strategy-rows'

type Two<Value> = readonly [Value, Value]
/** Two values of each field: a new field does not compile before it has them. */
type TwoOf<Told> = { [Name in keyof Told]-?: Two<Told[Name]> }

const STEP: TwoOf<Reaching> = {
  channel: ['in_room', 'host'],
  title: ['', 'yours'],
  body: ['a', 'b'],
  action_label: ['', 'buy'],
  action_url: ['', '/p/1'],
  deadline_ms: [null, 900_000],
  wait_ms: [1_000, 1_250],
  wait_for: ['', 'order_paid'],
}
const LIMITS: TwoOf<StrategyLimits> = {
  per_session: [1, null],
  per_day: [null, 0],
  per_room_session: [3, 4],
  room_apart_ms: [0, 500],
  budget_minor: [100_000, null],
}
const GOAL: TwoOf<Goal> = { event: ['order_paid', 'followed'], within_ms: [60_000, 60_001], within: ['', 'session'] }
const TOLERANCE: TwoOf<Tolerance> = {
  missed: [0, null],
  left: [200, 100],
  dismissed: [3_000, 1],
  refunded: [200, null],
  unsubscribed: [100, 0],
  complained: [100, null],
}
const SCHEDULE: TwoOf<Schedule> = {
  after_ms: [60_000, 60_001],
  every_ms: [60_000, null],
  daily: ['20:00', '20:01'],
  before_ms: [null, 60_000],
}
const WHOLE: TwoOf<Omit<Strategy, 'key' | 'mode' | 'version' | 'steps' | 'limits' | 'goal' | 'schedule' | 'tolerance'>> = {
  title: [{ zh: '甲' }, { zh: '甲', en: 'a' }],
  reason: ['', 'why'],
  moment: ['hesitation', 'price_question'],
  whom: [['one'], ['other']],
  conditions: ['', 'tag.a'],
  offer: ['spring', 'autumn'],
  deadline_ms: [null, 60_000],
  priority: [50, 51],
  value_minor: [0, 1],
  control: [1_000, 0],
  why_no_control: ['', 'too few'],
  ramp: [1_000, 1_001],
}

const base: Strategy = { key: 'a', steps: [{ channel: 'in_room' }, { channel: 'host' }] }
const say: Namings = {
  t: (key, places) => `${key} ${JSON.stringify(places ?? {})}`,
  channel: (kind) => kind,
  event: (type) => type,
  offer: () => 'a coupon', // names of offers and segments need not differ
  segment: () => 'a segment',
  starts: ({ moment, schedule }) => moment ?? JSON.stringify(schedule),
  money: (minor) => String(minor),
}

const cases = <Told extends object>(twos: TwoOf<Told>, put: (part: Partial<Told>) => Strategy) =>
  Object.entries<Two<unknown>>(twos).map(([name, two]) => [name, ...two.map((one) => put({ [name]: one } as Partial<Told>))] as const)

test.each([
  ...cases(WHOLE, (part) => ({ ...base, ...part })),
  ...cases(SCHEDULE, (schedule) => ({ ...base, schedule })),
  ...cases(LIMITS, (limits) => ({ ...base, limits })),
  ...cases(GOAL, (goal) => ({ ...base, goal })),
  ...cases(TOLERANCE, (tolerance) => ({ ...base, tolerance })),
  ...cases(STEP, (part) => ({ ...base, steps: [{ channel: 'in_room', ...part }] })),
  ...cases(STEP, (part) => ({ ...base, steps: [{ channel: 'host' }, { channel: 'in_room', ...part }] })),
])('a change of nothing but %s is one row', (_, before, after) => {
  for (const [from, to] of [[before, after], [after, before]] as const) {
    const told = changesOf(from as Strategy, to as Strategy, say)
    expect(told).toHaveLength(1)
    expect(told[0]?.before).not.toBe(told[0]?.after)
  }
})

test('a step more is told, and what only is left out is no change', () => {
  expect(changesOf({ ...base, steps: base.steps.slice(0, 1) }, base, say)).toHaveLength(1)
  const spelled = { ...base, control: 1_000, ramp: 1_000, priority: 50, limits: { per_session: 1 }, offer: null, whom: [], goal: { event: 'order_paid' } }
  expect(changesOf(base, spelled, say)).toEqual([])
})

test('without one in force all is told, each under a name of its own', () => {
  const told = changesOf(null, base, say).map((one) => one.label)
  expect(told).toHaveLength(rowsOf(base, say).size)
  expect(told.length).toBeGreaterThan(7)
  expect(new Set(told).size).toBe(told.length)
})

test('what waits for approval is shown before a newer draft', () => {
  const version = (n: number, mode: StrategyVersion['mode']) => ({ version: n, mode, strategy: base }) as StrategyVersion
  const [draft, waiting] = [version(2, 'draft'), version(1, 'approval')]
  const detail = { draft, waiting, now: null, history: [draft, waiting] } as unknown as StrategyDetail
  expect(shownOf(detail)).toBe(waiting)
  expect(shownOf({ ...detail, waiting: null })).toBe(draft)
})
