import { useShop } from '@/api/meta'
import type { Board } from '@/api/types'
import { StatusDot, type Status } from '@/components/status-dot'
import { clock, delay, duration } from '@/lib/format'
import { useLanguage, useTexts } from '@/lib/language'
import { productLabel } from './product-label'
import type { Freshness } from './use-room-board'

const DOTS: Record<Freshness, Status> = {
  connecting: 'unknown',
  live: 'good',
  stale: 'person',
  behind: 'person',
  down: 'bad',
}

/** Stages that have a name here; a shop may use others. That it is on air, the time beside it says. */
const ON_AIR = 'live'
const STAGES = ['warm_up', 'promo', 'closing'] as const
const isKnown = (stage: string): stage is (typeof STAGES)[number] => STAGES.some((one) => one === stage)

export function RoomBar({ board, freshness }: { board: Board; freshness: Freshness }) {
  const { t } = useTexts()
  const { zone } = useShop()
  const { language } = useLanguage()
  const { presenting } = board
  const stageName = (stage: string) => (isKnown(stage) ? t(`board.stage.${stage}`) : stage)
  const isElsewhere = Intl.DateTimeFormat().resolvedOptions().timeZone !== zone
  return (
    <div className="room-bar">
      <h1>{board.title || board.room}</h1>
      {board.started_at !== null && (
        <span className="quiet">
          {t('board.on_air')} <b className="num">{duration(board.as_of - board.started_at)}</b>
        </span>
      )}
      {board.stage && board.stage !== ON_AIR && <span className="chip">{stageName(board.stage)}</span>}
      <span className="quiet">
        {presenting ? (
          <>
            {t('board.presenting')} <b>{productLabel(presenting, t)}</b>
          </>
        ) : (
          t('board.presenting_nothing')
        )}
      </span>
      <span className="room-status" role="status">
        <StatusDot status={DOTS[freshness]} />
        {t(`board.freshness.${freshness}`)}
        <span className="num quiet">
          {clock(board.as_of, zone)}
          {isElsewhere && ` ${zone}`}
        </span>
        <span className="num quiet" title={t('board.lag_meaning')}>
          {t('board.lag', { delay: delay(board.lag_ms, language) })}
        </span>
      </span>
    </div>
  )
}
