import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decimalText, toMinor } from '@/lib/amount'

test('what was shown is read back', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.constantFrom('CNY', 'JPY', 'KWD'), (minor, currency) => {
      expect(toMinor(decimalText(minor, currency), currency)).toBe(minor)
    }),
  )
})

test.each([
  ['12.5', 'CNY', 1250],
  [' 99 ', 'CNY', 9900],
  ['0.10', 'CNY', 10],
  ['12.500', 'CNY', 1250],
  ['980', 'JPY', 980],
  ['1.005', 'KWD', 1005],
  ['12.505', 'CNY', null],
  ['1.5', 'JPY', null],
  ['-1', 'CNY', null],
  ['1e3', 'CNY', null],
  ['9007199254740993', 'JPY', null],
  ['', 'CNY', null],
  ['便宜', 'CNY', null],
])('%s %s', (text, currency, minor) => {
  expect(toMinor(text, currency)).toBe(minor)
})
