import type { ReactNode } from 'react'
import { useShop } from '@/api/meta'
import type { Interval, StrategyEffect } from '@/api/types'
import { asText, count, money, share, signed } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { neededIn, peopleIn } from './effect-words'

/** The four numbers that are asked for first, each with its interval or its people. */
export function EffectCards({ found }: { found: StrategyEffect }) {
  const { t } = useTexts()
  const { effect } = found
  const one = effect.primary
  if (one === null) return null
  const sales = effect.secondary.find((other) => other.name === 'net_sales')
  const arms = {
    treated: share(one.treated.with_outcome, one.treated.n),
    control: share(one.control.with_outcome, one.control.n),
  }
  return (
    <div className="effect-cards" data-part="cards">
      <Card title={t('effects.card.lift')} below={t('effects.card.arms', arms)}>
        <span className={`verdict-${effect.verdict ?? 'unsure'}`}>
          {one.relative ? signed(100 * one.relative.value, 1, '%') : '–'}
        </span>
      </Card>
      {sales && <Sales incremental={sales.incremental} cost={found.offers_minor} />}
      <Card title={t('effects.card.data')} below={peopleIn(t, effect)}>
        {effect.sample_ratio_p === null ? t('effects.card.unsaid') : t('effects.card.fine')}
      </Card>
      {effect.verdict === 'unsure' && (
        <Card title={t('effects.card.needed')} below={neededIn(t, effect)}>
          {effect.still_needed === null ? '–' : count(effect.still_needed)}
        </Card>
      )}
    </div>
  )
}

/** More sales of all the treated, and what each unit of offers brought at most and at least. */
function Sales({ incremental, cost }: { incremental: Interval; cost: number }) {
  const { t } = useTexts()
  const { language } = useLanguage()
  const { currency } = useShop()
  const say = (minor: number) => (minor < 0 ? '' : '+') + asText(money(minor, currency, language))
  const per = (minor: number) => (minor / cost).toFixed(1).replace('-', '\u2212')
  const ends = { low: say(incremental.low), high: say(incremental.high) }
  const costs = { cost: asText(money(cost, currency, language)), low: per(incremental.low) }
  return (
    <>
      <Card title={t('effects.card.sales')} below={t('effects.card.interval', ends)}>
        {say(incremental.value)}
      </Card>
      {cost > 0 && (
        <Card title={t('effects.card.worth')} below={t('effects.card.worst', costs)}>
          {t('effects.card.ratio', { times: per(incremental.value) })}
        </Card>
      )}
    </>
  )
}

function Card({ title, below, children }: { title: string; below: string; children: ReactNode }) {
  return (
    <section className="panel">
      <h2 className="quiet small">{title}</h2>
      <div className="effect-number num">{children}</div>
      <div className="quiet small num">{below}</div>
    </section>
  )
}
