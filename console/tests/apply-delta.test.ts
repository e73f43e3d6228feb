import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Board, BoardDelta, FiringNote, HesitatingRow, TrendPoint } from '@/api/types'
import vectors from './board-vectors.json'
import { applyDelta, FIRINGS, latestFirst, rowKey, TREND_POINTS } from '@/lib/live/apply-delta'

const EMPTY: Board = {
  room: 'r',
  title: '',
  session: 's',
  started_at: null,
  seq: 0,
  as_of: 0,
  lag_ms: 0,
  online: 0,
  online_peak: 0,
  entered: 0,
  gmv_minor: 0,
  refunds_minor: 0,
  currency: 'CNY',
  orders: 0,
  orders_per_min: 0,
  conversion_bp: null,
  gpm_minor: null,
  stage: null,
  presenting: null,
  funnel: [],
  trend: [],
  presented: [],
  hesitating: { count: 0, rows: [] },
  doubts: [],
  hot: [],
  firings_by_moment: {},
  firings: [],
}

const row = (viewer: string, product: string | null, at: number): HesitatingRow => ({
  viewer,
  product,
  category: product === null ? 'kind' : null,
  title: product,
  reason: 'x',
  since: at - 1,
  at,
  moments: ['x'],
})

/** What the server sends between two boards, by the words of the contract. */
function delta(before: Board, after: Board): BoardDelta {
  const beforeRows = new Map(before.hesitating.rows.map((one) => [rowKey(one), one]))
  const afterRows = new Map(after.hesitating.rows.map((one) => [rowKey(one), one]))
  const known = new Set(before.firings.map((one) => one.id))
  const points = new Set(before.trend.map((one) => one.at))
  const changed: Record<string, unknown> = {}
  for (const name of Object.keys(EMPTY) as (keyof Board)[]) {
    if (['trend', 'firings', 'hesitating', 'seq'].includes(name)) continue
    if (JSON.stringify(before[name]) !== JSON.stringify(after[name])) changed[name] = after[name]
  }
  return {
    ...changed,
    trend_add: after.trend.filter((one) => !points.has(one.at)),
    firings_add: after.firings.filter((one) => !known.has(one.id)),
    hesitating: {
      count: after.hesitating.count,
      put: [...afterRows].filter(([key, one]) => JSON.stringify(beforeRows.get(key)) !== JSON.stringify(one)).map(([, one]) => one),
      drop: [...beforeRows].filter(([key]) => !afterRows.has(key)).map(([, one]): [string, string] => [one.viewer, one.product ?? one.category ?? '']),
    },
  }
}

const names = fc.constantFrom('a', 'b', '["', 'a","b', '?c')
const step = fc.record({
  seconds: fc.integer({ min: 1, max: 700 }),
  online: fc.nat(9),
  stage: fc.constantFrom(null, 'promo'),
  rows: fc.uniqueArray(fc.tuple(names, fc.option(names), fc.nat(5)), { selector: ([a, b]) => JSON.stringify([a, b]), maxLength: 8 }),
  firings: fc.nat(30),
})

/** The true board of each step, made without applyDelta. */
function boards(steps: { seconds: number; online: number; stage: string | null; rows: [string, string | null, number][]; firings: number }[]): Board[] {
  const made: Board[] = [EMPTY]
  let trend: TrendPoint[] = []
  let firings: FiringNote[] = []
  let now = 0
  let total = 0
  for (const one of steps) {
    const before = made.at(-1) as Board
    now += one.seconds * 1000
    trend = [...trend, { at: now, online: one.online, gmv_minor_per_min: now, orders_per_min: 0 }]
    trend = trend.slice(-TREND_POINTS)
    for (let n = 0; n < one.firings; n += 1) {
      total += 1
      firings = [{ id: String(total).padStart(9, '0'), at: now + n, moment: 'x', viewer: null, about: null }, ...firings]
    }
    now += one.firings
    const rows = one.rows.map(([viewer, product, age]) => row(viewer, product, now - age)).sort(latestFirst)
    made.push({
      ...before,
      seq: before.seq + 1,
      as_of: now,
      online: one.online,
      stage: one.stage,
      trend,
      firings: firings.slice(0, FIRINGS),
      firings_by_moment: { x: total },
      hesitating: { count: rows.length, rows },
    })
  }
  return made
}

test('a snapshot and the deltas after it are the later snapshot, from wherever one starts', () => {
  let longest = 0
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), fc.nat(12), (steps, from) => {
      const truth = boards(steps)
      const start = Math.min(from, truth.length - 1)
      let board = truth[start] as Board
      for (let n = start + 1; n < truth.length; n += 1) {
        const next = truth[n] as Board
        board = applyDelta(board, next.seq, delta(truth[n - 1] as Board, next))
        expect(board).toEqual(next)
      }
      longest = Math.max(longest, truth.length - start)
    }),
    { numRuns: 300 },
  )
  expect(longest).toBeGreaterThan(5) // the property was not judged on empty lists
})

describe('one message', () => {
  test('changes nothing that it does not name', () => {
    const before = boards([{ seconds: 5, online: 3, stage: 'promo', rows: [['a', 'p', 0]], firings: 2 }]).at(-1) as Board
    const after = applyDelta(before, 9, { online: 4 })
    expect(after).toEqual({ ...before, seq: 9, online: 4 })
    expect(after.hesitating).toBe(before.hesitating)
  })

  test('that puts and drops one key puts it', () => {
    const before = applyDelta(EMPTY, 1, { hesitating: { count: 1, put: [row('a', 'p', 1)], drop: [] } })
    const again = row('a', 'p', 2)
    const after = applyDelta(before, 2, { hesitating: { count: 1, put: [again], drop: [['a', 'p']] } })
    expect(after.hesitating.rows).toEqual([again])
  })

  test('counts more than it lists', () => {
    const after = applyDelta(EMPTY, 1, { hesitating: { count: 7_000, put: [row('a', 'p', 1)], drop: [] } })
    expect(after.hesitating).toEqual({ count: 7_000, rows: [row('a', 'p', 1)] })
  })

  test('keeps half an hour of the trend and fifty firings', () => {
    const trend_add = Array.from({ length: TREND_POINTS + 7 }, (_, n) => ({
      at: n,
      online: n,
      gmv_minor_per_min: 0,
      orders_per_min: 0,
    }))
    const firings_add = Array.from({ length: FIRINGS + 7 }, (_, n) => ({
      id: String(n),
      at: -n,
      moment: 'x',
      viewer: null,
      about: null,
    }))
    const after = applyDelta(EMPTY, 1, { trend_add, firings_add })
    expect(after.trend).toEqual(trend_add.slice(7))
    expect(after.firings).toEqual(firings_add.slice(0, FIRINGS))
  })
})

test('the boards that the server makes, by the deltas that it sends', () => {
  expect(vectors.length).toBeGreaterThan(3)
  for (const { boards: made, deltas } of vectors as unknown as { boards: Board[]; deltas: BoardDelta[] }[]) {
    let board: Board = { ...(made[0] as Board), seq: 0 }
    deltas.forEach((told, n) => {
      board = applyDelta(board, n + 1, told)
      expect(board).toEqual({ ...made[n + 1], seq: n + 1 })
    })
  }
})
