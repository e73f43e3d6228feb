import { useShop } from '@/api/meta'
import type { Comparison, Effect, Interval, StrategyEffect } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { decimalText, minorDigits } from '@/lib/amount'
import { count, dayAndClock, duration, share, signed } from '@/lib/format'
import { type Say, type TextKey, useTexts } from '@/lib/language'
import { EffectForest } from './effect-forest'
import { useEffectOf } from './strategies-api'

const MONEY = new Set(['net_sales', 'net_after_offers'])

/** What a strategy changed: the verdict first, what must be known to believe it, the naive ratio last. */
export function EffectPanel({ strategy }: { strategy: string }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { data, error } = useEffectOf(strategy)
  const isThere = data !== undefined && data.effect.treated + data.effect.control + data.waiting > 0
  const note = isThere ? t('strategies.effect.version', { version: data.version, at: dayAndClock(data.as_of, zone) }) : ''
  return (
    <Panel title={t('strategies.effect.title')} note={note} name="effect">
      {error && <ProblemAlert error={error} />}
      {data && !isThere && <p className="quiet nothing">{t('strategies.effect.nothing')}</p>}
      {isThere && <Told found={data} />}
    </Panel>
  )
}

function Told({ found }: { found: StrategyEffect }) {
  const { t } = useTexts()
  const { effect, naive } = found
  return (
    <>
      <Verdict found={found} />
      {found.suggestion && (
        <p data-part="suggestion">{t(`strategies.effect.suggestion.${found.suggestion.why}`)}</p>
      )}
      {effect.primary && <Outcomes primary={effect.primary} others={effect.secondary} />}
      <Notes found={found} />
      {naive?.ratio != null && (
        <p className="quiet small" data-part="naive-ratio">
          {t('strategies.effect.naive', {
            ratio: naive.ratio.toFixed(2),
            treated: count(naive.treated),
            others: count(naive.others),
          })}
        </p>
      )}
    </>
  )
}

function Verdict({ found }: { found: StrategyEffect }) {
  const { t } = useTexts()
  const { effect } = found
  const one = effect.primary
  const people = t('strategies.effect.people', { treated: count(effect.treated), control: count(effect.control) })
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
        within: duration(found.window_ms),
        treated: share(one.treated.with_outcome, one.treated.n),
        control: share(one.control.with_outcome, one.control.n),
        lift: inWords(t, one.absolute, (value) => t('strategies.effect.points', { lift: signed(100 * value, 2) })),
      })}{' '}
      {one.relative && t('strategies.effect.relative', { lift: inWords(t, one.relative, (value) => signed(100 * value, 1, '%')) })}{' '}
      {people} {effect.verdict === 'unsure' && needed(t, effect)}
    </p>
  )
}

const inWords = (t: Say, { value, low, high }: Interval, show: (value: number) => string): string =>
  t('strategies.effect.interval', { value: show(value), low: show(low), high: show(high) })

function needed(t: Say, { still_needed: people }: Effect): string {
  if (people === null) return t('strategies.effect.needed.unknown')
  return people > 0 ? t('strategies.effect.needed.more', { people: count(people) }) : t('strategies.effect.needed.none')
}

const nameOf = (one: Comparison): TextKey => {
  if (one.name === 'orders') return 'strategies.effect.outcome.orders'
  if (one.name === 'net_sales') return 'strategies.effect.outcome.net_sales'
  if (one.name === 'net_after_offers') return 'strategies.effect.outcome.net_after_offers'
  return 'strategies.effect.outcome.reached'
}

function Outcomes({ primary, others }: { primary: Comparison; others: readonly Comparison[] }) {
  const { t } = useTexts()
  const { currency } = useShop()
  const every = [primary, ...others]
  const lines = every.flatMap((one) => (one.relative ? [{ label: t(nameOf(one)), lift: one.relative }] : []))
  const show = (one: Comparison) => (value: number) => {
    if (!MONEY.has(one.name)) return signed(value, 0)
    return `${signed(value / 10 ** minorDigits(currency), 0)} ${currency}`
  }
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

/** What is not in the numbers, and whether they may be believed. */
function Notes({ found }: { found: StrategyEffect }) {
  const { t } = useTexts()
  const { currency } = useShop()
  const { effect } = found
  const uncut = effect.secondary.flatMap((one) => {
    const [found, unit] = MONEY.has(one.name) ? [one.uncut, 10 ** minorDigits(currency)] : [null, 1]
    const lift = found && inWords(t, found, (value) => `${signed(value / unit, 2)} ${currency}`)
    return lift === null ? [] : [t('strategies.effect.uncut', { outcome: t(nameOf(one)), lift })]
  })
  const isFine = effect.verdict !== null && effect.sample_ratio_p !== null
  const told = [
    isFine && t('strategies.effect.check.fine'),
    effect.is_crossed && t('strategies.effect.check.crossed'),
    found.waiting > 0 && t('strategies.effect.waiting', { people: count(found.waiting) }),
    found.in_holdout > 0 && t('strategies.effect.holdout', { people: count(found.in_holdout) }),
    found.unattributable > 0 && t('strategies.effect.unattributable', { orders: count(found.unattributable) }),
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
