import { Alert, Button, Empty, Skeleton } from 'antd'
import { useShop } from '@/api/meta'
import type { Board } from '@/api/types'
import { clock } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useConnection } from '@/lib/live/live-context'
import { Doubts } from './doubts'
import { WhatHappened } from './firings-log'
import { Funnel } from './funnel'
import { HesitatingTable } from './hesitating-table'
import { HotProducts } from './hot-products'
import { KeyNumbers } from './key-numbers'
import { RoomBar } from './room-bar'
import { TrendPanel } from './trend-panel'
import { type Freshness, useRoomBoard } from './use-room-board'

interface Props {
  room: string
  onViewer: (viewer: string) => void
}

export function BoardPage({ room, onViewer }: Props) {
  const { t } = useTexts()
  const { board, freshness, problem } = useRoomBoard(room)
  if (problem) return <Empty className="page" description={t('board.no_such_room', { room })} />
  if (!board) return <BoardSkeleton freshness={freshness} />
  const isDim = freshness !== 'live'
  return (
    <div className={`board ${isDim ? 'is-stale' : ''}`} data-freshness={freshness} data-seq={board.seq}>
      <RoomBar board={board} freshness={freshness} />
      <StaleNotice board={board} freshness={freshness} />
      <KeyNumbers board={board} />
      <div className="board-columns">
        <div className="board-left">
          <Funnel steps={board.funnel} />
          <Doubts doubts={board.doubts} />
        </div>
        <div className="board-middle">
          <TrendPanel board={board} />
          <div className="board-pair">
            <HotProducts hot={board.hot} />
            <WhatHappened board={board} onViewer={onViewer} />
          </div>
        </div>
        <HesitatingTable hesitating={board.hesitating} asOf={board.as_of} onViewer={onViewer} />
      </div>
    </div>
  )
}

function StaleNotice({ board, freshness }: { board: Board; freshness: Freshness }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const connection = useConnection()
  if (freshness === 'live' || freshness === 'connecting') return null
  const time = clock(board.as_of, zone)
  return (
    <Alert
      className="board-notice"
      type={freshness === 'down' ? 'error' : 'warning'}
      showIcon
      title={t(`board.notice.${freshness}`, { time })}
      action={
        freshness === 'down' && (
          <Button size="small" onClick={() => connection.retryNow()}>
            {t('app.retry_now')}
          </Button>
        )
      }
    />
  )
}

function BoardSkeleton({ freshness }: { freshness: Freshness }) {
  const { t } = useTexts()
  return (
    <div className="board" aria-busy="true">
      {freshness === 'down' && (
        <Alert className="board-notice" type="error" showIcon title={t('board.notice.never')} />
      )}
      <div className="key-numbers">
        {Array.from({ length: 6 }, (_, index) => (
          <div className="panel" key={index}>
            <Skeleton active title={false} paragraph={{ rows: 2 }} />
          </div>
        ))}
      </div>
    </div>
  )
}
