import { useQuery } from '@tanstack/react-query'
import { Button, Empty, Skeleton } from 'antd'
import { Link } from 'react-router'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import { useMay } from '@/api/session'
import type { RecordedSession, RoomSummary } from '@/api/types'
import { Panel } from '@/components/panel'
import { ProblemAlert } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { count, dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'

const REFRESH_MS = 5_000
const MOST_SESSIONS = 20

export function RoomsPage() {
  const { t } = useTexts()
  const may = useMay()
  const rooms = useQuery({
    queryKey: ['rooms'],
    queryFn: () => request<RoomSummary[]>('GET', '/api/rooms'),
    refetchInterval: REFRESH_MS,
  })
  return (
    <div className="page">
      <h1>{t('rooms.title')}</h1>
      {rooms.isError && <ProblemAlert error={rooms.error} onRetry={() => void rooms.refetch()} />}
      {rooms.isPending && <Skeleton active />}
      {rooms.data?.length === 0 && <NoRooms />}
      <ul className="rooms">{rooms.data?.map((room) => <RoomCard room={room} key={room.room} />)}</ul>
      {may('strategies.read') && <RecentSessions />}
    </div>
  )
}

function RoomCard({ room }: { room: RoomSummary }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const path = `/rooms/${encodeURIComponent(room.room)}`
  return (
    <li className="panel room-card">
      <h2>
        <Link to={path}>{room.title || room.room}</Link>
      </h2>
      {room.title && room.title !== room.room && <div className="quiet small">{room.room}</div>}
      <div>
        <StatusDot status={room.live ? 'good' : 'unknown'} /> {room.live ? t('rooms.live') : t('rooms.over')}
        {room.started_at !== null && (
          <span className="quiet num">
            {' '}
            {t(room.live ? 'rooms.since' : 'rooms.last', { time: dayAndClock(room.started_at, zone) })}
          </span>
        )}
      </div>
      <div className="room-online">
        <b className="num">{count(room.online)}</b> <span className="quiet">{t('rooms.online')}</span>
      </div>
      <Link to={`${path}?wall=1`} target="_blank" className="small">
        {t('rooms.wall')}
      </Link>{' '}
      <Link to={`/host/${encodeURIComponent(room.room)}`} target="_blank" className="small">
        {t('host.title')}
      </Link>
    </li>
  )
}

/** What is recorded, each with its review. */
function RecentSessions() {
  const { t } = useTexts()
  const { zone } = useShop()
  const found = useQuery({
    queryKey: ['recorded-sessions'],
    queryFn: () => request<RecordedSession[]>('GET', '/api/recorded-sessions'),
  })
  const sessions = found.data?.filter((one) => one.session !== '').slice(0, MOST_SESSIONS) ?? []
  if (sessions.length === 0) return null
  return (
    <Panel title={t('review.recent')} name="sessions">
      <ul className="needs">
        {sessions.map((one) => (
          <li key={`${one.room} ${one.session}`}>
            {one.room}
            <span className="quiet num">
              {dayAndClock(one.begins, zone)} – {dayAndClock(one.ends, zone)}
            </span>
            <Link to={`/rooms/${encodeURIComponent(one.room)}/sessions/${encodeURIComponent(one.session)}`}>
              {t('review.open')}
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  )
}

function NoRooms() {
  const { t } = useTexts()
  return (
    <Empty className="panel" image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('rooms.none')}>
      <Link to="/sources">
        <Button type="primary">{t('rooms.connect')}</Button>
      </Link>
    </Empty>
  )
}
