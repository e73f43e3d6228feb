import { useEventName, useShop } from '@/api/meta'
import type { TimelineEvent } from '@/api/types'
import { asText, clock, count, dayAndClock, money } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'

interface Props {
  events: TimelineEvent[]
  /** How far back they reach. */
  since: number
  isWhole: boolean
  /** Message ids that a moment rests on. */
  because: Set<string>
  /** Whether they are of many days and rooms. */
  hasDays?: boolean
}

export function Timeline({ events, since, isWhole, because, hasDays = false }: Props) {
  const { t } = useTexts()
  const { zone, currency, lateness_ms } = useShop()
  const nameOf = useEventName()
  const { language } = useLanguage()
  const when = hasDays ? dayAndClock : clock
  return (
    <section>
      <h3>{t(hasDays ? 'viewer.person.all_rooms_title' : 'viewer.timeline')}</h3>
      {events.length === 0 && <p className="quiet">{t('viewer.no_events')}</p>}
      <ol className="timeline">
        {folded(events, because).map(({ event, times, from }, index) => {
          const isEvidence = event.message_id !== null && because.has(event.message_id)
          return (
            <li key={event.message_id ?? `${event.at} ${index}`} className={isEvidence ? 'is-evidence' : ''}>
              <span className="num quiet">{when(event.at, zone)}</span>
              <span>
                {nameOf(event.type)}
                {times > 1 && (
                  <span className="quiet num">
                    {' '}
                    {t('viewer.times', { n: count(times), time: when(from, zone) })}
                  </span>
                )}
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
        <p className="quiet small num">{t('viewer.earlier', { time: when(since, zone) })}</p>
      )}
    </section>
  )
}

interface Line {
  /** The newest of them. */
  event: TimelineEvent
  times: number
  /** When the oldest of them was. */
  from: number
}

const SIGN_OF_LIFE = 'heartbeat'

/** Signs of life one after another are one line, or what the viewer did would be lost among them. */
export function folded(events: TimelineEvent[], because: Set<string>): Line[] {
  const lines: Line[] = []
  const folds = ({ type, message_id }: TimelineEvent) =>
    type === SIGN_OF_LIFE && (message_id === null || !because.has(message_id))
  for (const event of events) {
    const last = lines.at(-1)
    if (last && folds(last.event) && folds(event)) {
      last.times += 1
      last.from = event.at
    } else {
      lines.push({ event, times: 1, from: event.at })
    }
  }
  return lines
}
