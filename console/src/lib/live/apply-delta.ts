/**
 * The board after a message: a pure function, so that everything on the page is of one message.
 *
 * Law: the snapshot with all deltas applied is the later snapshot, whatever the way there. The
 * server writes the same law down in `qianmian.runtime.board.applied`.
 */
import type { Board, BoardDelta, HesitatingRow } from '@/api/types'

export const FIRINGS = 50
export const TREND_POINTS = 360 // one each five seconds: half an hour

export function applyDelta(board: Board, seq: number, delta: BoardDelta): Board {
  const { trend_add, firings_add, hesitating, ...changed } = delta
  const next: Board = { ...board, ...changed, seq }
  if (trend_add) next.trend = [...board.trend, ...trend_add].slice(-TREND_POINTS)
  if (firings_add) {
    const ids = new Set(firings_add.map((one) => one.id))
    const kept = board.firings.filter((one) => !ids.has(one.id))
    next.firings = [...firings_add, ...kept].slice(0, FIRINGS)
  }
  if (hesitating) {
    const rows = withRows(board.hesitating.rows, hesitating.put, hesitating.drop)
    next.hesitating = { count: hesitating.count, rows }
  }
  return next
}

type Placed = Pick<HesitatingRow, 'viewer' | 'product' | 'category'>

/** What a row is about, beside its viewer. */
const placeOf = (row: Placed): string => row.product || row.category || ''

const keyOf = (viewer: string, place: string): string => JSON.stringify([viewer, place])

export const rowKey = (row: Placed): string => keyOf(row.viewer, placeOf(row))

function withRows(
  rows: HesitatingRow[],
  put: HesitatingRow[],
  drop: [viewer: string, place: string][],
): HesitatingRow[] {
  const byKey = new Map(rows.map((row) => [rowKey(row), row]))
  for (const [viewer, place] of drop) byKey.delete(keyOf(viewer, place))
  for (const row of put) byKey.set(rowKey(row), row)
  return [...byKey.values()].sort(latestFirst)
}

/** Newest first; ties by name, so that no two pages of one message differ. */
export function latestFirst(a: HesitatingRow, b: HesitatingRow): number {
  if (a.at !== b.at) return b.at - a.at
  if (a.viewer !== b.viewer) return a.viewer < b.viewer ? -1 : 1
  const [one, other] = [placeOf(a), placeOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}
