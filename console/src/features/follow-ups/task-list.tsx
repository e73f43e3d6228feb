import { useMoments } from '@/api/meta'
import type { FollowUp } from '@/api/types'
import { Panel } from '@/components/panel'
import { duration } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { viewerLabel } from '@/lib/viewer-label'

const HURRY_MS = 120_000

interface Props {
  name: 'mine' | 'open' | 'taken'
  tasks: FollowUp[]
  note?: string
  /** On the clock of the server, ms UTC. */
  now: number
  chosen: string | undefined
  onChoose: (id: string) => void
}

/** One of the lists: whom, why, until when. */
export function TaskList({ name, tasks, note, now, chosen, onChoose }: Props) {
  const { t } = useTexts()
  const { named } = useMoments()
  return (
    <Panel title={t(`follow.${name}`)} note={note} name={`follow-${name}`}>
      {tasks.length === 0 && <p className="quiet nothing">{t(`follow.no_${name}`)}</p>}
      <ul className="follow-list">
        {tasks.map((one) => (
          <li key={one.id}>
            <button
              type="button"
              className={`follow-row ${name === 'taken' ? 'is-gone' : ''}`}
              aria-pressed={one.id === chosen}
              data-chooses // by focus: Enter is for what is chosen
              onFocus={() => onChoose(one.id)}
              onClick={() => onChoose(one.id)}
            >
              <span className="cut">{viewerLabel(one.viewer, t)}</span>
              <span className="cut quiet">{named(one.moment)}</span>
              {name === 'taken' ? (
                <span className="cut">{t('follow.with', { name: one.holder })}</span>
              ) : (
                <span className={`num ${one.deadline_at - now < HURRY_MS ? 'notice' : ''}`}>
                  {duration(one.deadline_at - now)}
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </Panel>
  )
}
