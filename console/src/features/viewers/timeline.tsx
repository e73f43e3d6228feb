import { useTranslation } from 'react-i18next'
import { useEventName, useShop } from '@/api/meta'
import type { TimelineEvent } from '@/api/types'
import { asText, clock, money } from '@/lib/format'
import { useLanguage } from '@/lib/language'

interface Props {
  events: TimelineEvent[]
  /** How far back they reach. */
  since: number
  isWhole: boolean
  /** Message ids that a moment rests on. */
  because: Set<string>
}

export function Timeline({ events, since, isWhole, because }: Props) {
  const { t } = useTranslation()
  const { zone, currency, lateness_ms } = useShop()
  const nameOf = useEventName()
  const { language } = useLanguage()
  return (
    <section>
      <h3>{t('viewer.timeline')}</h3>
      {events.length === 0 && <p className="quiet">{t('viewer.no_events')}</p>}
      <ol className="timeline">
        {events.map((event, index) => {
          const isEvidence = event.message_id !== null && because.has(event.message_id)
          return (
            <li key={event.message_id ?? `${event.at} ${index}`} className={isEvidence ? 'is-evidence' : ''}>
              <span className="num quiet">{clock(event.at, zone)}</span>
              <span>
                {nameOf(event.type)}
                {event.product !== null && (
                  <span className="quiet"> {event.title || event.product}</span>
                )}
                {event.amount_minor !== null && (
                  <b className="num"> {asText(money(event.amount_minor, currency, language))}</b>
                )}
                {event.text !== null && (
                  <span className="said">{t('board.doubts.quoted', { text: event.text })}</span>
                )}
                {event.arrival - event.at > lateness_ms && (
                  <span className="chip chip-person">
                    {t('viewer.late', { time: clock(event.arrival, zone) })}
                  </span>
                )}
                {isEvidence && <span className="chip">{t('viewer.evidence')}</span>}
              </span>
            </li>
          )
        })}
      </ol>
      {!isWhole && (
        <p className="quiet small num">{t('viewer.earlier', { time: clock(since, zone) })}</p>
      )}
    </section>
  )
}
