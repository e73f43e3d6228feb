import { describe, expect, test } from 'vitest'
import {
  ago,
  asText,
  bytes,
  clock,
  compact,
  count,
  dayAndClock,
  delay,
  duration,
  money,
  percentOfBasisPoints,
  price,
  share,
  signed,
} from '@/lib/format'

describe('totals carry a unit from ten thousand on', () => {
  test.each([
    [9_999, '9,999', '9,999'],
    [10_000, '1.0万', '10.0K'],
    [53_036, '5.3万', '53.0K'],
    [999_949, '100.0万', '999.9K'],
    [999_960, '100.0万', '1.0M'], // rounds up to the next unit, not to 1,000.0K
    [12_841_000, '1,284.1万', '12.84M'],
    [99_949_999, '9,995.0万', '99.95M'],
    [99_999_600, '1.0亿', '100.00M'], // not 10,000.0万
    [99_999_999, '1.00亿', '100.00M'],
    [123_456_789, '1.23亿', '123.46M'],
    [2_500_000_000, '25.00亿', '2.50B'],
  ])('%d', (value, zh, en) => {
    expect(asText(compact(value, 'zh'))).toBe(zh)
    expect(asText(compact(value, 'en'))).toBe(en)
  })
})

test.each([
  [9_900, 'CNY', '¥99'],
  [1_299_901, 'CNY', '¥12999.01'],
  [1_200, 'JPY', '¥1200'],
])('a price is told to the last cent: %i %s', (minor, currency, text) => {
  expect(price(minor, currency, 'zh')).toBe(text)
})

describe('money comes in minor units', () => {
  test.each([
    [0, 'CNY', '¥0'],
    [1, 'CNY', '¥0.01'],
    [8990, 'CNY', '¥89.90'],
    [9000, 'CNY', '¥90'], // no cents to show
    [689_149, 'CNY', '¥6,891'],
    [999_949, 'CNY', '¥9,999'],
    [999_951, 'CNY', '¥10,000'], // neither 1.0万 nor 9,999.51
    [1_000_000, 'CNY', '¥1.0万'],
    [1_284_100_000, 'CNY', '¥1,284.1万'],
    [-320_00, 'CNY', '\u2212¥320'],
    [-1_500_000, 'CNY', '\u2212¥1.5万'],
    [1500, 'JPY', '¥1,500'], // the yen has no smaller unit
    [1500, 'USD', '$15'],
    [1250, 'KWD', 'KWD1.250'], // three decimals
  ])('%d %s', (minor, currency, text) => {
    expect(asText(money(minor, currency, 'zh'))).toBe(text)
  })

  test('the unit follows the language', () => {
    expect(money(1_284_100_000, 'CNY', 'en')).toEqual({ before: '¥', digits: '12.84', unit: 'M' })
  })
})

test('a live count is shown in full, with a true minus', () => {
  expect(count(57_238)).toBe('57,238')
  expect(count(-3)).toBe('\u22123')
})

test('rates have two decimals, steps one, and nothing is divided by zero', () => {
  expect(percentOfBasisPoints(221)).toBe('2.21%')
  expect(percentOfBasisPoints(10_000)).toBe('100.00%')
  expect(share(1, 3)).toBe('33.3%')
  expect(share(0, 0)).toBe('–')
})

test.each([
  [-1, '0:00'],
  [999, '0:00'],
  [61_000, '1:01'],
  [3_599_999, '59:59'],
  [3_600_000, '1:00:00'],
  [8_076_000, '2:14:36'],
])('a length of %d ms', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

describe('time is of the zone of the room, never of this machine', () => {
  const at = Date.UTC(2026, 10, 22, 16, 0, 5) // midnight in Shanghai

  test.each([
    ['Asia/Shanghai', '00:00:05', '11-23 00:00'],
    ['UTC', '16:00:05', '11-22 16:00'],
    ['America/New_York', '11:00:05', '11-22 11:00'],
  ])('%s', (zone, time, day) => {
    expect(clock(at, zone)).toBe(time)
    expect(dayAndClock(at, zone)).toBe(day)
  })
})

test('delays, sizes and ages are in the language of the reader', () => {
  expect(delay(12, 'en')).toBe('12 ms')
  expect(delay(1_250, 'en')).toBe('1.3 sec')
  expect(delay(90_400, 'en')).toBe('90 sec')
  expect(delay(12, 'zh')).toBe('12毫秒')
  expect(bytes(0, 'en')).toBe('0B')
  expect(bytes(734_003_200, 'en')).toBe('734MB')
  expect(ago(200, 'zh')).toBe('现在')
  expect(ago(3_000, 'en')).toBe('3 seconds ago')
  expect(ago(200_000, 'en')).toBe('3 minutes ago')
})

test.each([
  [0.0734, 2, '', '+0.07'],
  [-3.24, 1, '%', '\u22123.2%'],
  [-0.04, 1, '%', '±0.0%'],
  [1_234_567, 0, '', '+1,234,567'],
  [-12_345.6, 1, '', '\u221212,345.6'],
])('a difference says its sign: %d', (value, digits, unit, shown) => {
  expect(signed(value, digits, unit)).toBe(shown)
})
