import { Tag } from 'antd'
import { useMemo, useSyncExternalStore } from 'react'
import { Link } from 'react-router'
import { useShop } from '@/api/meta'
import type { Moved, Movement } from '@/api/types'
import { Panel } from '@/components/panel'
import { clock, count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useConnection } from '@/lib/live/live-context'
import { TopicStore } from '@/lib/live/topic-store'
import { viewerLabel } from '@/lib/viewer-label'

const SHOWN = 12

const whole = (_seq: number, data: unknown): Movement => data as Movement
const unchanged = (before: Movement): Movement => before // it is told whole each second

/** The viewer's drawer beside the board of the room. */
const whereIs = ({ room, viewer }: Moved): string => `/rooms/${encodeURIComponent(room)}?viewer=${encodeURIComponent(viewer)}`

/** An active segment as it moves: its size, who entered and who left. */
export function MovementPanel({ segment }: { segment: string }) {
  const { t } = useTexts()
  const connection = useConnection()
  const store = useMemo(() => new TopicStore<Movement>(connection, `segment:${segment}`, whole, unchanged), [connection, segment])
  const { data } = useSyncExternalStore(store.watch, store.current)
  return (
    <Panel title={t('movement.title')} name="movement">
      {data ? <Moving movement={data} /> : <p className="quiet">{t('movement.waiting')}</p>}
    </Panel>
  )
}

function Moving({ movement }: { movement: Movement }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { seconds, people, live, present, at } = movement
  const now = seconds.find((one) => one.at > at - 2_000)
  const sum = (of: 'entered' | 'left') => seconds.reduce((all, one) => all + one[of], 0)
  return (
    <>
      <p className="preview-count">
        <b className="num" data-part="size">
          {count(live)}
        </b>{' '}
        {t('movement.size')} <span className="quiet">{t('movement.present', { n: count(present) })}</span>{' '}
        <Tag title={t('movement.entered')}>+{count(now?.entered ?? 0)}</Tag>
        <Tag title={t('movement.left')}>−{count(now?.left ?? 0)}</Tag>
      </p>
      <p className="quiet small">{t('movement.minute', { entered: count(sum('entered')), left: count(sum('left')) })}</p>
      <h3>{t('movement.people')}</h3>
      {people.length === 0 && <p className="quiet">{t('movement.nobody')}</p>}
      <ul data-part="moves">
        {people.slice(0, SHOWN).map((one) => (
          <li key={`${one.at} ${one.room} ${one.viewer} ${one.entered}`} className="preview-pair">
            <span>
              {one.entered ? '+' : '−'} <Link to={whereIs(one)}>{viewerLabel(one.viewer, t)}</Link>
            </span>
            <span className="quiet num">
              {t(one.entered ? 'movement.in' : 'movement.out')} {one.room} {clock(one.at, zone)}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
