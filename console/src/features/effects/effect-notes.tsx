import { useShop } from '@/api/meta'
import type { StrategyEffect } from '@/api/types'
import { decimalText, minorDigits } from '@/lib/amount'
import { count, signed } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { inWords, MONEY, nameOf } from './effect-words'

/** What is not in the numbers, and whether they may be believed. */
export function EffectNotes({ found }: { found: StrategyEffect }) {
  const { t } = useTexts()
  const { currency } = useShop()
  const { effect } = found
  const uncut = effect.secondary.flatMap((one) => {
    const [raw, unit] = MONEY.has(one.name) ? [one.uncut, 10 ** minorDigits(currency)] : [null, 1]
    const lift = raw && inWords(t, raw, (value) => `${signed(value / unit, 2)} ${currency}`)
    return lift === null ? [] : [t('strategies.effect.uncut', { outcome: t(nameOf(one)), lift })]
  })
  const isFine = effect.verdict !== null && effect.sample_ratio_p !== null
  const told = [
    isFine && t('strategies.effect.check.fine'),
    effect.is_crossed && t('strategies.effect.check.crossed'),
    found.waiting > 0 && t('strategies.effect.waiting', { people: count(found.waiting) }),
    found.in_holdout > 0 && t('strategies.effect.holdout', { people: count(found.in_holdout) }),
    found.unattributable > 0 && t('strategies.effect.unattributable', { orders: count(found.unattributable) }),
    found.other_currency > 0 && t('effects.other_currency', { orders: count(found.other_currency) }),
    found.placeless_refunds > 0 && t('effects.placeless_refunds', { refunds: count(found.placeless_refunds) }),
    found.offers_minor > 0 &&
      t('strategies.effect.offers', { amount: decimalText(found.offers_minor, currency), currency }),
    ...uncut,
  ].filter((text) => text !== false)
  return (
    <ul className="quiet small">
      {told.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  )
}
