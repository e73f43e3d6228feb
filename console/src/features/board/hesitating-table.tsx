import { Segmented, Table, type TableColumnsType } from 'antd'
import { useMemo, useState } from 'react'
import { useMoments } from '@/api/meta'
import type { Hesitating, HesitatingRow } from '@/api/types'
import { Panel } from '@/components/panel'
import { count, duration } from '@/lib/format'
import { rowKey } from '@/lib/live/apply-delta'
import { useLanguage, useTexts } from '@/lib/language'
import { useFrozenOrder } from '@/lib/use-frozen-order'
import { useSize } from '@/lib/use-size'
import { useLook } from '@/lib/theme'
import { viewerLabel } from '@/lib/viewer-label'

interface Props {
  hesitating: Hesitating
  asOf: number
  onViewer: (viewer: string) => void
}

interface Shown {
  row: HesitatingRow
  isGone: boolean
}

const ALL = 'all'
const PRODUCT_LEAST_EM = 6.4 // below this the table scrolls sideways, and the last column stays in sight
const PRODUCT_LEAST_EM_ON_WALL = 4 // nobody scrolls it
const keyOf = (shown: Shown): string => rowKey(shown.row)

/** Everybody who hesitates, newest first. Count, filter and rows are of one message. */
export function HesitatingTable({ hesitating, asOf, onViewer }: Props) {
  const { t } = useTexts()
  const { named } = useMoments()
  const [reason, setReason] = useState(ALL)
  const [box, { width, height }] = useSize<HTMLDivElement>()
  const byReason = useMemo(() => counted(hesitating.rows), [hesitating.rows])
  const chosen = reason === ALL || byReason.has(reason) ? reason : ALL
  const rows = useMemo(
    () => (chosen === ALL ? hesitating.rows : hesitating.rows.filter((row) => row.reason === chosen)),
    [hesitating.rows, chosen],
  )
  const { rows: shown, isFrozen, waiting, hold } = useFrozenOrder(rows, rowKey)
  const { isWall } = useLook()
  const widths = useWidths(width, isWall)
  const columns = useColumns(widths, asOf, isWall ? null : onViewer)
  const em = emOf(isWall)
  const options = [
    { value: ALL, label: t('board.hesitating.all') },
    ...[...byReason].map(([key, times]) => ({ value: key, label: `${named(key)} ${count(times)}` })),
  ]
  return (
    <Panel
      title={t('board.hesitating.title')}
      note={<TableNote hesitating={hesitating} isFrozen={isFrozen} waiting={waiting} />}
      className="board-right"
      name="hesitating"
    >
      {options.length > 2 && (
        <Segmented
          className="reasons"
          size="small"
          aria-label={t('board.hesitating.by_reason')}
          value={chosen}
          onChange={setReason}
          options={options}
        />
      )}
      <div ref={box} className="fills" {...hold}>
        <Table<Shown>
          size="small"
          virtual
          rowKey={keyOf}
          columns={columns}
          dataSource={shown}
          pagination={false}
          rowClassName={(one) => (one.isGone ? 'is-gone' : '')}
          scroll={{ y: Math.max(120, height - 2.9 * em), x: sum(Object.values(widths)) }}
          locale={{ emptyText: <span className="quiet">{t('board.hesitating.none')}</span> }}
        />
      </div>
    </Panel>
  )
}

function TableNote({ hesitating, isFrozen, waiting }: { hesitating: Hesitating; isFrozen: boolean; waiting: number }) {
  const { t } = useTexts()
  const { isWall } = useLook()
  const { count: all, rows } = hesitating
  const parts = [t('app.people', { n: count(all) })]
  if (rows.length < all) parts.push(t('board.hesitating.newest', { n: count(rows.length) }))
  if (isFrozen) parts.push(t('board.hesitating.frozen', { waiting: count(waiting) }))
  else if (!isWall) parts.push(t('board.hesitating.freezes')) // nobody points at a wall
  return (
    <span className="num" data-count={all}>
      {parts.join(t('app.dot'))}
    </span>
  )
}

/** The page's root, CSS pixels. */
const emOf = (isWall: boolean): number => (isWall ? 17.5 : 14)

interface Widths {
  viewer: number
  reason: number
  product: number
  since: number
  action: number
}

const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0)

/** Widths in CSS pixels: the product takes what the others leave. */
function useWidths(width: number, isWall: boolean): Widths {
  const { language } = useLanguage()
  const em = emOf(isWall)
  const reason = language === 'en' ? 8.9 : 6.4 // names of moments are longer in English
  const fixed = { viewer: 7.4, reason, since: 4.6, action: isWall ? 0 : 4.4 }
  const left = Math.max(isWall ? PRODUCT_LEAST_EM_ON_WALL : PRODUCT_LEAST_EM, (width - 1) / em - sum(Object.values(fixed)))
  const inPixels = (ems: number) => Math.floor(ems * em)
  return {
    viewer: inPixels(fixed.viewer),
    reason: inPixels(fixed.reason),
    product: inPixels(left),
    since: inPixels(fixed.since),
    action: inPixels(fixed.action),
  }
}

function useColumns(
  widths: Widths,
  asOf: number,
  onViewer: ((viewer: string) => void) | null,
): TableColumnsType<Shown> {
  const { t } = useTexts()
  const { named } = useMoments()
  const columns: TableColumnsType<Shown> = [
    {
      title: t('board.hesitating.viewer'),
      width: widths.viewer,
      ellipsis: true,
      render: (_, { row }) => viewerLabel(row.viewer, t),
    },
    {
      title: t('board.hesitating.reason'),
      width: widths.reason,
      ellipsis: true,
      render: (_, { row, isGone }) => (isGone ? t('board.hesitating.gone') : named(row.reason)),
    },
    {
      title: t('board.hesitating.product'),
      width: widths.product,
      ellipsis: true,
      render: (_, { row }) => row.title || row.product || row.category || '–',
    },
    {
      title: t('board.hesitating.since'),
      width: widths.since,
      align: 'right',
      className: 'num',
      render: (_, { row }) => duration(asOf - row.since),
    },
  ]
  if (!onViewer) return columns
  return [
    ...columns,
    {
      title: t('board.hesitating.action'),
      width: widths.action,
      fixed: 'right',
      render: (_, { row }) => (
        <button type="button" className="link" onClick={() => onViewer(row.viewer)}>
          {t('board.hesitating.open')}
        </button>
      ),
    },
  ]
}

function counted(rows: HesitatingRow[]): Map<string, number> {
  const times = new Map<string, number>()
  for (const row of rows) times.set(row.reason, (times.get(row.reason) ?? 0) + 1)
  // By name: by number, two reasons would change places under the pointer.
  return new Map([...times].sort(([a], [b]) => (a < b ? -1 : 1)))
}
