import { useEventName } from '@/api/meta'
import type { Offer, Reaching, Strategy } from '@/api/types'
import { duration } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { CHANNELS } from './channels'
import { useOffers } from './strategies-api'

/** Whoever is asked to say or write something is shown no ad. */
const OF_THE_SHOP: ReadonlySet<string> = new Set(['host', 'follow_up', 'bot'])

/** What each step shows, one below the other, with what stands in a slot when nothing is known. */
export function StepCards({ strategy }: { strategy: Strategy }) {
  const offers = useOffers().data ?? []
  const offer = offers.find((one) => one.offer.key === strategy.offer)?.offer
  const { steps } = strategy
  return (
    <ol className="step-cards" data-part="card">
      {steps.map((step, index) => (
        <li key={index} data-card={index + 1}>
          {steps.length > 1 && <When step={step} before={steps[index - 1]} place={index + 1} />}
          <Card step={step} offer={offer} />
        </li>
      ))}
    </ol>
  )
}

/** Which step it is, over what it goes, and after what. */
function When({ step, before, place }: { step: Reaching; before: Reaching | undefined; place: number }) {
  const { t } = useTexts()
  const event = useEventName()
  const known = CHANNELS.find((one) => one === step.channel)
  const what = known ? t(`strategies.channel.${known}`) : step.channel
  const awaited = before?.wait_for
  return (
    <p className="small">
      {t('strategies.of_step.label', { n: place, what })}
      {before && (
        <span className="quiet">
          {' '}
          {before.wait_ms != null && t('strategies.later.then', { after: duration(before.wait_ms) })}{' '}
          {awaited ? t('strategies.later.without', { event: event(awaited) }) : t('strategies.later.unreached')}
        </span>
      )}
    </p>
  )
}

function Card({ step, offer }: { step: Reaching; offer: Offer | undefined }) {
  const { t } = useTexts()
  const filled = (text: string | undefined) =>
    (text ?? '').replace(/\{(\w+)\|([^{}]*)\}/g, (_, slot: string, other: string) =>
      slot === 'offer' && offer ? offer.title : other,
    )
  const isAd = !OF_THE_SHOP.has(step.channel)
  return (
    <div className="viewer-card">
      {isAd && <span className="viewer-card-ad">{t('strategies.ad')}</span>}
      <b>{filled(step.title) || t('strategies.field.card_title')}</b>
      <p>{filled(step.body) || t('strategies.field.card_body')}</p>
      {isAd && offer && <p className="quiet small">{offer.rules}</p>}
      {step.action_label && step.action_url && (
        <p>
          <b>{step.action_label}</b> <span className="quiet small">{step.action_url}</span>
        </p>
      )}
    </div>
  )
}
