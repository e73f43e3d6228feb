/** What a whole room hears: the verdict, its interval, and what must be known to believe it. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { renderToStaticMarkup } from 'react-dom/server'
import { beforeAll, expect, test } from 'vitest'
import type { EffectSlices, StrategyEffect } from '@/api/types'
import { SlicesPanel } from '@/features/effects/slices-panel'
import { startLanguages } from '@/lib/language'

beforeAll(startLanguages)

const told: EffectSlices = {
  verdict: 'works',
  slices: 30,
  waiting: 4,
  acting: 3.98,
  silent: 2.02,
  more: { value: 1.96, low: 1.7, high: 2.2 },
  next_look: 60,
  still_needed: null,
  carried_p: 0.4,
  is_carried: false,
}

function shown(slices: EffectSlices): string {
  const found = { goal: 'liked', slices, effect: { verdict: null, treated: 0, control: 0 } } as unknown as StrategyEffect
  document.body.innerHTML = renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>
      <SlicesPanel found={found} slices={slices} />
    </QueryClientProvider>,
  )
  return document.body.textContent ?? ''
}

test('the verdict of the slices stands there, with every number that it rests on', () => {
  const text = shown(told)
  expect(document.querySelector('[data-verdict=works]')).not.toBeNull()
  for (const part of ['+1.96', '+1.70', '+2.20', '3.98', '2.02', '30', '60']) expect(text).toContain(part)
  expect(document.querySelector('.notice')).toBeNull()
})

test('before the first look it says how many are missing, and no number that could be taken for one', () => {
  const text = shown({ ...told, verdict: 'unsure', slices: 0, waiting: 12, more: null, next_look: 30, still_needed: 18 })
  expect(text).toContain('12')
  expect(text).toContain('18')
  expect(text).not.toContain('3.98')
})

test('slices that are not apart enough are told in red', () => {
  shown({ ...told, is_carried: true })
  expect(document.querySelector('.notice')).not.toBeNull()
})
