import { useTranslation } from 'react-i18next'
import { useShop } from '@/api/meta'
import type { TimelineEvent } from '@/api/types'
import { eventName } from '@/lib/event-names'
import { asText, clock, money } from '@/lib/format'
import { useLanguage } from '@/lib/language'

interface Props {
  events: TimelineEvent[]
  /** Message ids that a moment rests on. */
  because: Set<string>
}

export function Timeline({ events, because }: Props) {
  const { t } = useTranslation()
  const { zone, currency } = useShop()
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
                {eventName(event.type, language)}
                {event.product !== null && <span className="quiet"> {event.product}</span>}
                {event.amount_minor !== null && (
                  <b className="num"> {asText(money(event.amount_minor, currency, language))}</b>
                )}
                {event.text !== null && (
                  <span className="said">{t('board.doubts.quoted', { text: event.text })}</span>
                )}
                {event.late && (
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
    </section>
  )
}
