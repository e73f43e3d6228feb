import { expect, test } from 'vitest'
import { scaleOf } from '@/features/effects/effect-forest'

const line = (low: number, value: number, high: number) => ({ label: `${value}`, lift: { low, value, high } })

test.each([
  [[line(0.1, 0.2, 0.3), line(-0.4, 0, 0.2)]],
  [[line(0.1, 0.2, 0.3)]], // 0 is left of all
  [[line(-0.3, -0.2, -0.1)]], // and right of all
  [[line(0, 0, 0)]],
])('every end and 0 are within the picture, in their order', (lines) => {
  const x = scaleOf(lines)
  const values = [0, ...lines.flatMap(({ lift }) => [lift.low, lift.value, lift.high])].sort((a, b) => a - b)
  const places = values.map(x)
  expect([...places].sort((a, b) => a - b)).toEqual(places)
  expect(Math.min(...places)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...places)).toBeLessThanOrEqual(320)
})
