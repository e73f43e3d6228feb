import { expect, test } from 'vitest'
import { digitsOf, ticksOf } from '@/features/effects/group-forest'

test.each([
  [-40, 100],
  [0, 0.03],
  [-0.004, 0.001],
  [0, 0],
  [-7.3, -0.2],
])('ticks from %d to %d are round, few, and hold both ends and 0', (low, high) => {
  const ticks = ticksOf(Math.min(0, low), Math.max(0, high))
  expect(ticks.length).toBeLessThanOrEqual(9)
  expect(ticks[0]).toBeLessThanOrEqual(low)
  expect(ticks.at(-1)).toBeGreaterThanOrEqual(high)
  expect(ticks.some((one) => Math.abs(one) < 1e-12)).toBe(true)
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0)
  const shown = ticks.map((one) => one.toFixed(digitsOf(step)))
  if (step >= 0.001) expect(new Set(shown).size).toBe(ticks.length) // no two ticks read alike
})
