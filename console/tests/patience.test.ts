import { expect, test } from 'vitest'
import { waitAfter } from '@/lib/patience'

test('what answers is read at its pace, what does not is left alone for longer and longer, with an end', () => {
  const waits = Array.from({ length: 40 }, (_, failures) => waitAfter(failures, 1_000))
  expect(waits.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
  expect(new Set(waits.slice(5))).toEqual(new Set([30_000]))
})

test('what is read once an hour is read again at once where it was not there', () => {
  expect([0, 1, 2].map((failures) => waitAfter(failures, 3_600_000))).toEqual([3_600_000, 2_000, 4_000])
})
