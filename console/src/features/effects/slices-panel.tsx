import { useEventName } from '@/api/meta'
import type { EffectSlices, StrategyEffect } from '@/api/types'
import { Panel } from '@/components/panel'
import { count, signed } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { inWords } from './effect-words'
import { VerdictTag } from './verdict-tag'

/** The effect of what a whole room hears: the verdict in a sentence, its interval, and how slices were compared. */
export function SlicesPanel({ found, slices }: { found: StrategyEffect; slices: EffectSlices }) {
  const { t } = useTexts()
  const goal = useEventName()(found.goal)
  return (
    <>
      <section className="panel effect-sentence" data-part="slices">
        <VerdictTag found={found} />
        <SlicesSentence goal={goal} slices={slices} />
      </section>
      <Panel title={t('effects.check')} name="slices-notes">
        <ul className="quiet small">
          <li>{t('effects.slices.how')}</li>
          <li>{t('effects.slices.next', { waiting: count(slices.waiting), next: count(slices.next_look) })}</li>
          {slices.is_carried && <li className="notice">{t('effects.slices.carried')}</li>}
        </ul>
      </Panel>
    </>
  )
}

/** How much more of the goal there is per minute while it acts; before the first look how many slices are missing. */
export function SlicesSentence({ goal, slices }: { goal: string; slices: EffectSlices }) {
  const { t } = useTexts()
  const { more, acting, silent, still_needed: needed } = slices
  if (more === null) {
    const left = Math.max(slices.next_look - slices.waiting, 0)
    return <span>{t('effects.slices.too_few', { slices: count(slices.waiting), left: count(left) })}</span>
  }
  const numbers = { acting: acting.toFixed(2), silent: silent.toFixed(2), slices: count(slices.slices) }
  return (
    <span>
      {t('effects.slices.sentence', { goal, lift: inWords(t, more, (value) => signed(value, 2)), ...numbers })}{' '}
      {needed !== null && (needed > 0 ? t('effects.slices.more', { n: count(needed) }) : t('effects.slices.enough'))}
    </span>
  )
}
