import { expect, test } from 'vitest'
import type { Review } from '@/api/types'
import { lanesOf, perMinute } from '@/features/review/lanes'

const review = {
  moments: [
    { place: 0, moment: 'rare', times: 1, viewers: 1 },
    { place: 0, moment: 'often', times: 3, viewers: 2 },
    { place: 2, moment: 'often', times: 4, viewers: 4 },
  ],
  decided: [
    { place: 1, strategy: 'coupon', outcome: 'act', times: 90 },
    { place: 1, strategy: 'coupon', outcome: 'held_out', times: 9 },
  ],
  begins: 1_000,
  width_ms: 60_000,
  turns: [
    { strategy: 'coupon', begins: 1_000, ends: 301_000, acts: true },
    { strategy: 'coupon', begins: 301_000, ends: 361_000, acts: false },
    { strategy: 'coupon_two', begins: 1_000, ends: 301_000, acts: false },
  ],
} as unknown as Review

const names = { moment: (key: string) => key, strategy: (key: string) => key, outcome: (one: string) => one }

test('nothing is lost between the answer and the lanes, and each thing has its own', () => {
  const lanes = lanesOf(review, names)
  expect(lanes.map((one) => [one.label, one.total])).toEqual([
    ['often', 7],
    ['rare', 1],
    ['coupon · act', 90],
    ['coupon · held_out', 9],
  ])
  expect([...(lanes[0]?.times ?? [])]).toEqual([
    [0, 3],
    [2, 4],
  ])
})

test('a strategy that takes turns has the spans in which it was silent, and only its own', () => {
  const [, , acts, held] = lanesOf(review, names)
  expect([acts?.silent, held?.silent]).toEqual([[[5, 6]], [[5, 6]]])
})

test('sales per minute are what each slice brought, and a refund makes none', () => {
  expect(perMinute([100, 100, 400, 300], 30_000)).toEqual([200, 0, 600, 0])
})
