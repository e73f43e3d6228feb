import { useQuery } from '@tanstack/react-query'
import { Button, Empty, Skeleton } from 'antd'
import { Link } from 'react-router'
import { request } from '@/api/client'
import { useShop } from '@/api/meta'
import type { RoomSummary } from '@/api/types'
import { ProblemAlert } from '@/components/problem'
import { StatusDot } from '@/components/status-dot'
import { count, dayAndClock } from '@/lib/format'
import { useTexts } from '@/lib/language'

const REFRESH_MS = 5_000

export function RoomsPage() {
  const { t } = useTexts()
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
