import { expect, test } from 'vitest'
import type { EffectReport } from '@/api/types'
import { adviceOf } from '@/features/effects/advice'
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

type Asked = Parameters<typeof adviceOf>[0]

const report = (effect: object, more: object = {}, mode: EffectReport['mode'] = 'full'): Asked =>
  ({
    mode,
    found: {
      waiting: 0,
      by: {},
      effect: { verdict: 'works', why_hidden: '', secondary: [], is_crossed: false, still_needed: null, ...effect },
      ...more,
    },
  }) as unknown as Asked

const afterOffers = (low: number, high: number, isEnough = true) => ({
  secondary: [{ name: 'net_after_offers', is_enough: isEnough, absolute: { value: (low + high) / 2, low, high } }],
})

test.each([
  ['stop', report({ verdict: 'harms' })],
  ['keep', report({})],
  ['widen', report({}, {}, 'ramp')],
  ['keep', report(afterOffers(-3, 1))], // an interval that holds 0 is no reason to stop anything
  ['keep', report(afterOffers(-3, -1, false))],
  ['costs_more', report(afterOffers(-3, -1))],
  ['wait', report({ verdict: 'unsure', still_needed: 3_294 })],
  ['wait', report({ verdict: 'unsure', still_needed: null })],
  ['change', report({ verdict: 'unsure', still_needed: 0 })],
  ['sample_ratio', report({ verdict: null, why_hidden: 'sample_ratio', is_crossed: true })],
  ['no_control', report({ verdict: null, why_hidden: 'no_control' })],
  ['too_early', report({ verdict: null, why_hidden: 'no_control' }, { waiting: 9 })],
] as const)('the first advice is %s where the intervals say so', (advice, given) => {
  expect(adviceOf(given)[0]).toBe(advice)
})

test('what makes numbers doubtful is said beside the verdict', () => {
  const given = report({ is_crossed: true }, { by: { dormant: { differ: true } } })
  expect(adviceOf(given)).toEqual(['keep', 'crossed', 'differ'])
})
