import type { Review } from '@/api/types'

/** One kind of thing on the time line: how often it happened in each slice. */
export interface Lane {
  key: string
  label: string
  total: number
  times: ReadonlyMap<number, number>
  /** Of a strategy that takes turns with itself: the spans in which it was silent, in places of the time line. */
  silent: readonly [from: number, to: number][]
}

/** What each slice of time brought of a sum that only grows, per minute. */
export const perMinute = (sums: readonly number[], widthMs: number): number[] =>
  sums.map((sum, place) => (Math.max(0, sum - (sums[place - 1] ?? 0)) * 60_000) / widthMs)

interface Names {
  moment: (key: string) => string
  strategy: (key: string) => string
  outcome: (outcome: string) => string
}

/** A lane for each moment, then one for each strategy and outcome; those that happened most first. */
export function lanesOf(review: Review, names: Names): Lane[] {
  const found = new Map<string, { label: string; times: Map<number, number> }>()
  const add = (key: string, label: string, place: number, times: number) => {
    const lane = found.get(key) ?? { label, times: new Map<number, number>() }
    lane.times.set(place, (lane.times.get(place) ?? 0) + times)
    found.set(key, lane)
  }
  for (const one of review.moments) add(`moment ${one.moment}`, names.moment(one.moment), one.place, one.times)
  for (const one of review.decided) {
    const label = `${names.strategy(one.strategy)} · ${names.outcome(one.outcome)}`
    add(`strategy ${one.strategy} ${one.outcome}`, label, one.place, one.times)
  }
  const lanes = [...found].map(([key, { label, times }]) => {
    const total = [...times.values()].reduce((all, n) => all + n, 0)
    return { key, label, total, times, silent: silentOf(review, key) }
  })
  const isMoment = (lane: Lane) => Number(lane.key.startsWith('moment '))
  return lanes.sort((a, b) => isMoment(b) - isMoment(a) || b.total - a.total)
}

function silentOf({ turns, begins, width_ms }: Review, lane: string): [number, number][] {
  return turns
    .filter((one) => !one.acts && lane.startsWith(`strategy ${one.strategy} `))
    .map((one) => [(one.begins - begins) / width_ms, (one.ends - begins) / width_ms])
}
