import type { StrategyEffect } from '@/api/types'
import { count } from '@/lib/format'
import { useTexts } from '@/lib/language'

/** What is usually told, in grey, with the reason why it is no effect; it stands last. */
export function NaiveRatio({ found: { naive } }: { found: StrategyEffect }) {
  const { t } = useTexts()
  if (naive?.ratio == null) return null
  const places = { ratio: naive.ratio.toFixed(2), treated: count(naive.treated), others: count(naive.others) }
  return (
    <p className="quiet small" data-part="naive-ratio">
      {t('strategies.effect.naive', places)}
    </p>
  )
}
