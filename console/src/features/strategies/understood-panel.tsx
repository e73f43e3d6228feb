import { Alert } from 'antd'
import { isOutside } from '@/api/channels'
import type { ChannelKind, Strategy } from '@/api/types'
import { Panel } from '@/components/panel'
import { ServerWords } from '@/components/server-words'
import { duration } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useDebounced } from '@/lib/use-debounced'
import { useOffers, useStrategyCheck } from './strategies-api'

const SETTLE_MS = 300

/** What a strategy means in words, what is wrong with it, and the card as a viewer sees it. */
export function UnderstoodPanel({ strategy }: { strategy: Strategy }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const understood = useStrategyCheck(useDebounced(strategy, SETTLE_MS)).data
  return (
    <Panel title={t('strategies.understood')} name="understood">
      {understood?.sentence && (
        <p data-part="sentence">
          {t('strategies.decides_when')} {words(understood.sentence)}
        </p>
      )}
      {understood?.usable && (
        <p className="quiet small">
          {!strategy.schedule &&
            (understood.again_after_ms
              ? t('strategies.again', { after: duration(understood.again_after_ms) })
              : t('strategies.each_time'))}{' '}
          {t('strategies.deadline', { after: duration(understood.deadlines_ms[0] ?? 0) })}
        </p>
      )}
      {understood && understood.passed_over.length > 0 && <PassedOver channels={understood.passed_over} />}
      {understood && !understood.usable && (
        <Alert
          type="warning"
          showIcon
          title={t('strategies.not_usable')}
          description={<ServerWords words={understood.problem ?? ''} />}
          data-part="problem"
        />
      )}
      <Card strategy={strategy} />
    </Panel>
  )
}

/** Steps that go nowhere here, and what would change that. */
function PassedOver({ channels }: { channels: ChannelKind[] }) {
  const { t } = useTexts()
  const named = channels.map((one) => (isOutside(one) ? t(`settings.channels.name.${one}`) : one))
  return <Alert type="info" showIcon title={t('strategies.passed_over', { channels: named.join(' · ') })} data-part="passed-over" />
}

/** The card, with what stands in a slot when nothing is known. */
function Card({ strategy }: { strategy: Strategy }) {
  const { t } = useTexts()
  const offers = useOffers().data ?? []
  const offer = offers.find((one) => one.offer.key === strategy.offer)?.offer
  const step = strategy.steps[0]
  const filled = (text: string | undefined) =>
    (text ?? '').replace(/\{(\w+)\|([^{}]*)\}/g, (_, slot: string, other: string) =>
      slot === 'offer' && offer ? offer.title : other,
    )
  return (
    <div className="viewer-card" data-part="card">
      <span className="viewer-card-ad">{t('strategies.ad')}</span>
      <b>{filled(step?.title) || t('strategies.field.card_title')}</b>
      <p>{filled(step?.body) || t('strategies.field.card_body')}</p>
      {offer && <p className="quiet small">{offer.rules}</p>}
      {step?.action_label && step.action_url && (
        <p>
          <b>{step.action_label}</b> <span className="quiet small">{step.action_url}</span>
        </p>
      )}
    </div>
  )
}
