import { expect, test } from 'vitest'
import type { Review } from '@/api/types'
import { lanesOf } from '@/features/review/lanes'

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
