/** Numbers, money and time as people read them. Every digit run is meant for tabular figures. */
import { decimalText } from './amount'
import type { Language } from './language'

const TAG: Record<Language, string> = { zh: 'zh-CN', en: 'en-US' }
const FULL_BELOW = 10_000 // 4 digits are read at a glance; more need a unit
const MINUS = '\u2212'

export interface Amount {
  /** Sign and currency symbol, maybe empty. */
  before: string
  digits: string
  /** A word or letter that multiplies, maybe empty. */
  unit: string
}

export const asText = (amount: Amount): string => amount.before + amount.digits + amount.unit

const formatters = new Map<string, Intl.NumberFormat>()

function formatter(tag: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = tag + JSON.stringify(options)
  let found = formatters.get(key)
  if (!found) {
    found = new Intl.NumberFormat(tag, options)
    formatters.set(key, found)
  }
  return found
}

const sign = (value: number): string => (value < 0 ? MINUS : '')

/** A live count in full: a unit would hide that two thousand people have left. */
export function count(value: number): string {
  return sign(value) + formatter('en-US', {}).format(Math.abs(value))
}

/** A total, with a unit from ten thousand on. */
export function compact(value: number, language: Language): Amount {
  const size = Math.abs(value)
  if (size < FULL_BELOW) return { before: sign(value), digits: count(Math.round(size)), unit: '' }
  const short = scaled(size, language, 1)
  // Larger units carry a second digit, but not where it would fall back to the smaller unit (99,999,600).
  const long = scaled(size, language, 2)
  const isLarge = short.unit !== scaled(FULL_BELOW, language, 0).unit && long.unit === short.unit
  return { before: sign(value), ...(isLarge ? long : short) }
}

function scaled(size: number, language: Language, fraction: number): { digits: string; unit: string } {
  const parts = formatter(TAG[language], {
    notation: 'compact',
    minimumFractionDigits: fraction,
    maximumFractionDigits: fraction,
    useGrouping: 'always',
  }).formatToParts(size)
  const unit = parts.find((part) => part.type === 'compact')?.value ?? ''
  const digits = parts.filter((part) => part.type !== 'compact' && part.type !== 'literal')
  return { digits: digits.map((part) => part.value).join(''), unit }
}

function currencyParts(currency: string, language: Language): { symbol: string; decimals: number } {
  const style = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const
  const found = formatter(TAG[language], style)
  const symbol = found.formatToParts(0).find((part) => part.type === 'currency')?.value ?? currency
  return { symbol, decimals: found.resolvedOptions().maximumFractionDigits ?? 2 }
}

/** Money in minor units: cents below a thousand, whole units below ten thousand, then with a unit. */
export function money(minor: number, currency: string, language: Language): Amount {
  const { symbol, decimals } = currencyParts(currency, language)
  const size = Math.abs(minor) / 10 ** decimals
  const before = sign(minor) + symbol
  if (size >= FULL_BELOW - 0.5) return { ...compact(size, language), before }
  const shown = size < 1000 && !Number.isInteger(size) ? decimals : 0
  const fixed = { minimumFractionDigits: shown, maximumFractionDigits: shown }
  return { before, digits: formatter('en-US', fixed).format(size), unit: '' }
}

/** What a product costs, to the last cent: nobody is told a rounded price. */
export function price(minor: number, currency: string, language: Language): string {
  return currencyParts(currency, language).symbol + decimalText(minor, currency).replace(/\.0+$/, '')
}

/** Basis points as percent with two decimals. */
export const percentOfBasisPoints = (points: number): string => `${(points / 100).toFixed(2)}%`

/** A difference: always with its sign, a true minus, so many digits after the point, and a unit. */
export function signed(value: number, digits: number, unit = ''): string {
  const size = Math.abs(value).toFixed(digits)
  const [whole = '', fraction] = size.split('.')
  const shown = whole.replace(/\B(?=(\d{3})+$)/g, ',') + (fraction === undefined ? '' : `.${fraction}`)
  return `${Number(size) === 0 ? '±' : value < 0 ? MINUS : '+'}${shown}${unit}`
}

/** One number as percent of another, one decimal; a dash where there is nothing to compare with. */
export const share = (part: number, whole: number): string =>
  whole > 0 ? `${((part / whole) * 100).toFixed(1)}%` : '–'

/** How long, as m:ss, from an hour on h:mm:ss. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = two(seconds % 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}

/** A delay: milliseconds below one second, then seconds with one decimal. */
export function delay(ms: number, language: Language): string {
  const inSeconds = ms >= 1000
  return formatter(TAG[language], {
    style: 'unit',
    unit: inSeconds ? 'second' : 'millisecond',
    unitDisplay: 'short',
    maximumFractionDigits: inSeconds && ms < 60_000 ? 1 : 0,
  }).format(inSeconds ? ms / 1000 : ms)
}

/** Bytes with the unit that leaves one to four digits before the point. */
export function bytes(size: number, language: Language): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(size) / 3))
  return formatter(TAG[language], {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: 'narrow',
    maximumFractionDigits: power > 1 ? 1 : 0,
  }).format(size / 1000 ** power)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function inZone(ms: number, zone: string, options: Intl.DateTimeFormatOptions): Record<string, string> {
  const key = zone + JSON.stringify(options)
  let found = clocks.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone, hourCycle: 'h23' })
    clocks.set(key, found)
  }
  return Object.fromEntries(found.formatToParts(ms).map((part) => [part.type, part.value]))
}

/** hh:mm:ss in the room's zone. */
export function clock(ms: number, zone: string): string {
  const at = inZone(ms, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  return `${at['hour']}:${at['minute']}:${at['second']}`
}

/** hh:mm in the room's zone. */
export const clockMinute = (ms: number, zone: string): string => clock(ms, zone).slice(0, 5)

/** MM-DD hh:mm in the room's zone. */
export function dayAndClock(ms: number, zone: string): string {
  const options = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' } as const
  const at = inZone(ms, zone, options)
  return `${at['month']}-${at['day']} ${at['hour']}:${at['minute']}`
}

/** How long ago, in words: "3 seconds ago", "now". */
export function ago(ms: number, language: Language): string {
  const words = new Intl.RelativeTimeFormat(TAG[language], { numeric: 'auto', style: 'long' })
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return words.format(-seconds, 'second')
  if (seconds < 3600) return words.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return words.format(-Math.floor(seconds / 3600), 'hour')
  return words.format(-Math.floor(seconds / 86_400), 'day')
}
