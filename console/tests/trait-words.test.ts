import { expect, test } from 'vitest'
import { traitName, valuesOf } from '@/lib/trait-words'

test('a trait and its values have words', () => {
  expect(traitName('life_stage', 'zh')).toBe('生命周期阶段')
  expect(valuesOf('life_stage', 'zh')).toContainEqual({ value: 'dormant', label: '沉默' })
  expect(valuesOf('life_stage', 'en')).toContainEqual({ value: 'dormant', label: 'dormant' })
  expect(valuesOf('loved_price_band', 'zh')).toContainEqual({ value: '50_200', label: '50–200 元' })
})

test('what is a number, or of the shop itself, is typed', () => {
  expect([valuesOf('age', 'zh'), valuesOf('dog', 'zh')]).toEqual([[], []])
  expect(traitName('dog', 'zh')).toBe('dog')
})
