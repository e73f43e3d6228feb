import type { Effect } from '@/api/types'
import { useTexts } from '@/lib/language'

/** One of three words; where the verdict is hidden, that. */
export function VerdictTag({ effect }: { effect: Effect }) {
  const { t } = useTexts()
  const { verdict } = effect
  const text = verdict === null ? t('effects.hidden') : t(`strategies.effect.verdict.${verdict}`)
  return (
    <b className={`verdict verdict-${verdict ?? 'unsure'}`} data-verdict={verdict ?? 'hidden'}>
      {text}
    </b>
  )
}
