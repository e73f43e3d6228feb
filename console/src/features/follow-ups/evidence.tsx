import { useEventName, useShop } from '@/api/meta'
import type { FollowUp } from '@/api/types'
import { clock } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { useViewer } from './follow-ups-api'

/** Why: the moment in words, and the events that it rests on. */
export function Evidence({ task }: { task: FollowUp }) {
  const { t } = useTexts()
  const { words } = useLanguage()
  const { zone } = useShop()
  const nameOf = useEventName()
  const found = useViewer(task.room, task.viewer)
  const fired = found.data?.firings.find((one) => one.moment === task.moment && one.at <= task.at)
  const because = new Set(fired?.because)
  const rows = found.data?.timeline.filter((one) => one.message_id !== null && because.has(one.message_id)) ?? []
  if (fired === undefined) return null
  return (
    <section data-part="follow-evidence">
      <h3>{t('follow.why')}</h3>
      <p>{words(fired.explanation)}</p>
      <ol className="timeline">
        {rows.map((one) => (
          <li key={one.message_id}>
            <span className="num quiet">{clock(one.at, zone)}</span>
            <span>
              {nameOf(one.type)}
              {one.product !== null && <span className="quiet"> {one.title || one.product}</span>}
              {one.text !== null && <span className="said">{t('board.doubts.quoted', { text: one.text })}</span>}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
}
