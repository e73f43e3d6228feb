import { Link } from 'react-router'
import { useEventName, useShop } from '@/api/meta'
import type { Comparison, EffectSlices, StrategyEffect } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { dayAndClock, share, signed } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { EffectForest } from './effect-forest'
import { EffectNotes } from './effect-notes'
import { inWords, MONEY, moneyIn, nameOf, neededIn, peopleIn, pointsIn, withinIn } from './effect-words'
import { useEffectOf } from './effects-api'
import { NaiveRatio } from './naive-ratio'
import { SlicesSentence } from './slices-panel'

/** What a strategy changed: the verdict first, what must be known to believe it, the naive ratio last. */
export function EffectPanel({ strategy }: { strategy: string }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { data, error } = useEffectOf(strategy)
  const people = data ? data.effect.treated + data.effect.control + data.waiting : 0
  const isThere = data !== undefined && (people > 0 || data.slices !== null)
  const note = isThere ? t('strategies.effect.version', { version: data.version, at: dayAndClock(data.as_of, zone) }) : ''
  return (
    <Panel title={t('strategies.effect.title')} note={note} name="effect">
      {error && <ProblemAlert error={error} />}
      {data && !isThere && <p className="quiet nothing">{t('strategies.effect.nothing')}</p>}
      {isThere && (
        <>
          <Link to={`/effects/${encodeURIComponent(strategy)}`}>{t('effects.whole')}</Link>
          {data.slices ? <OfRoom goal={data.goal} slices={data.slices} /> : <Told found={data} />}
        </>
      )}
    </Panel>
  )
}

function OfRoom({ goal, slices }: { goal: string; slices: EffectSlices }) {
  const { t } = useTexts()
  const eventOf = useEventName()
  return (
    <p data-part="verdict" data-verdict={slices.verdict}>
      <b className={`verdict verdict-${slices.verdict}`}>{t(`strategies.effect.verdict.${slices.verdict}`)}</b>{' '}
      <SlicesSentence goal={eventOf(goal)} slices={slices} />
    </p>
  )
}

function Told({ found }: { found: StrategyEffect }) {
  const { effect } = found
  const { t } = useTexts()
  return (
    <>
      <Verdict found={found} />
      {found.suggestion && <p data-part="suggestion">{t(`strategies.effect.suggestion.${found.suggestion.why}`)}</p>}
      {effect.primary && <Outcomes primary={effect.primary} others={effect.secondary} />}
      <EffectNotes found={found} />
      <NaiveRatio found={found} />
    </>
  )
}

function Verdict({ found }: { found: StrategyEffect }) {
  const { t } = useTexts()
  const { effect } = found
  const one = effect.primary
  const people = peopleIn(t, effect)
  if (effect.verdict === null || one === null) {
    const why = effect.why_hidden === 'sample_ratio' ? 'sample_ratio' : 'no_control'
    return (
      <p data-part="verdict" data-verdict="hidden">
        <b className="verdict-harms">{t(`strategies.effect.hidden.${why}`)}</b> {people}
      </p>
    )
  }
  return (
    <p data-part="verdict" data-verdict={effect.verdict}>
      <b className={`verdict verdict-${effect.verdict}`}>{t(`strategies.effect.verdict.${effect.verdict}`)}</b>{' '}
      {t('strategies.effect.sentence', {
        within: withinIn(t, found.window_ms),
        treated: share(one.treated.with_outcome, one.treated.n),
        control: share(one.control.with_outcome, one.control.n),
        lift: inWords(t, one.absolute, pointsIn(t)),
      })}{' '}
      {one.relative && t('strategies.effect.relative', { lift: inWords(t, one.relative, (value) => signed(100 * value, 1, '%')) })}{' '}
      {people} {effect.verdict === 'unsure' && neededIn(t, effect)}
    </p>
  )
}

function Outcomes({ primary, others }: { primary: Comparison; others: readonly Comparison[] }) {
  const { t } = useTexts()
  const { currency } = useShop()
  const every = [primary, ...others]
  const lines = every.flatMap((one) => (one.relative ? [{ label: t(nameOf(one)), lift: one.relative }] : []))
  const show = (one: Comparison) => (MONEY.has(one.name) ? moneyIn(currency) : (value: number) => signed(value, 0))
  return (
    <>
      {lines.length > 0 && <EffectForest lines={lines} />}
      <p className="quiet small">{t('strategies.effect.incremental')}</p>
      <ul className="small">
        {every.map((one) => (
          <li key={one.name}>
            {t(nameOf(one))} <b className="num">{show(one)(one.incremental.value)}</b>{' '}
            <span className="quiet num">
              [{show(one)(one.incremental.low)}, {show(one)(one.incremental.high)}]
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
