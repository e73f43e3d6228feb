import type { StrategyEffect } from '@/api/types'
import { useTexts } from '@/lib/language'

/** One of three words; where the verdict is hidden, that; where nobody's time is over yet, that. */
export function VerdictTag({ found: { effect, slices } }: { found: Pick<StrategyEffect, 'effect' | 'slices'> }) {
  const { t } = useTexts()
  const { verdict } = slices ?? effect
  const isEarly = effect.treated + effect.control === 0
  const text = verdict !== null ? t(`strategies.effect.verdict.${verdict}`) : t(isEarly ? 'effects.too_early' : 'effects.hidden')
  return (
    <b className={`verdict verdict-${verdict ?? 'unsure'}`} data-verdict={verdict ?? 'hidden'}>
      {text}
    </b>
  )
}
