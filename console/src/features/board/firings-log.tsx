import { Segmented } from 'antd'
import { useMemo, useState } from 'react'
import { useMoments, useShop } from '@/api/meta'
import type { Board, FiringNote } from '@/api/types'
import { Panel } from '@/components/panel'
import { clock, count } from '@/lib/format'
import { useTexts } from '@/lib/language'
import { useFrozenOrder } from '@/lib/use-frozen-order'
import { viewerLabel } from '@/lib/viewer-label'
import { titlesOf } from './product-label'
import { StrategyLog } from './strategy-log'

interface Props {
  board: Board
  onViewer: (viewer: string) => void
}

const keyOf = (firing: FiringNote): string => firing.id

/** What happened last: moments, or what strategies decided. */
export function WhatHappened({ board, onViewer }: Props) {
  const { t } = useTexts()
  const [shown, setShown] = useState<'firings' | 'decisions'>('firings')
  const all = Object.values(board.firings_by_moment).reduce((sum, times) => sum + times, 0)
  const choices = (['firings', 'decisions'] as const).map((value) => ({ value, label: t(`board.${value}.title`) }))
  return (
    <Panel
      title={<Segmented size="small" options={choices} value={shown} onChange={setShown} aria-label={t('board.decisions.choice')} />}
      note={shown === 'firings' ? t('board.firings.note', { n: count(all) }) : t('board.decisions.note')}
      name="firings"
    >
      {shown === 'firings' ? (
        <FiringsLog board={board} onViewer={onViewer} />
      ) : (
        <StrategyLog room={board.room} onViewer={onViewer} />
      )}
    </Panel>
  )
}

/** What the moments said last, and how often each one in this session. */
function FiringsLog({ board, onViewer }: Props) {
  const { t } = useTexts()
  const { named, moment } = useMoments()
  const { zone } = useShop()
  const counts = Object.entries(board.firings_by_moment).sort(([, a], [, b]) => b - a)
  const { rows, hold } = useFrozenOrder(board.firings, keyOf)
  const titles = useMemo(() => titlesOf(board), [board])
  return (
    <>
      <div className="chips">
        {counts.slice(0, 6).map(([key, times]) => (
          <span className="chip" key={key} title={moment(key) ? undefined : key}>
            {named(key)} <b className="num">{count(times)}</b>
          </span>
        ))}
      </div>
      {board.firings.length === 0 && <p className="quiet nothing">{t('board.firings.none')}</p>}
      <ul className="log scrolls" tabIndex={0} aria-label={t('board.firings.title')} {...hold}>
        {rows.map(({ row: { id, at, moment: key, viewer, about } }) => (
          <li key={id}>
            <span className="num quiet">{clock(at, zone)}</span>
            <span className="cut" title={named(key)}>
              {named(key)}
            </span>
            <span className="cut quiet">{about === null ? '' : (titles.get(about) ?? about)}</span>
            {viewer === null ? (
              <span className="quiet">{t('board.firings.whole_room')}</span>
            ) : (
              <button type="button" className="link cut" onClick={() => onViewer(viewer)}>
                {viewerLabel(viewer, t)}
              </button>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
