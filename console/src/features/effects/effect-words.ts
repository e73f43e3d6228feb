import type { Comparison, Effect, EffectVerdict, Interval } from '@/api/types'
import { minorDigits } from '@/lib/amount'
import { count, duration, signed } from '@/lib/format'
import type { Say, TextKey } from '@/lib/language'

/** Outcomes in minor units of the shop's currency. */
export const MONEY: ReadonlySet<string> = new Set(['net_sales', 'net_after_offers'])

export const nameOf = (one: Comparison): TextKey => {
  if (one.name === 'orders') return 'strategies.effect.outcome.orders'
  if (one.name === 'net_sales') return 'strategies.effect.outcome.net_sales'
  if (one.name === 'net_after_offers') return 'strategies.effect.outcome.net_after_offers'
  return 'strategies.effect.outcome.reached'
}

/** What an interval says by itself; nothing while it holds 0 or too few people are in it. */
export const saysOf = ({ low, high }: Interval, isEnough: boolean): EffectVerdict => {
  if (!isEnough) return 'unsure'
  return low > 0 ? 'works' : high < 0 ? 'harms' : 'unsure'
}

/** How long the goal counts; 0: until the session ends. */
export const withinIn = (t: Say, windowMs: number): string => (windowMs > 0 ? duration(windowMs) : t('effects.session'))

export const inWords = (t: Say, { value, low, high }: Interval, show: (value: number) => string): string =>
  t('strategies.effect.interval', { value: show(value), low: show(low), high: show(high) })

/** A difference of shares, in points of a hundred. */
export const pointsIn =
  (t: Say) =>
  (value: number): string =>
    t('strategies.effect.points', { lift: signed(100 * value, 2) })

/** A difference of money, in whole units. */
export const moneyIn =
  (currency: string) =>
  (minor: number): string =>
    `${signed(minor / 10 ** minorDigits(currency), 0)} ${currency}`

export function neededIn(t: Say, { still_needed: people }: Effect): string {
  if (people === null) return t('strategies.effect.needed.unknown')
  return people > 0 ? t('strategies.effect.needed.more', { people: count(people) }) : t('strategies.effect.needed.none')
}

export const peopleIn = (t: Say, { treated, control }: { treated: number; control: number }): string =>
  t('strategies.effect.people', { treated: count(treated), control: count(control) })
