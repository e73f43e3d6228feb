/**
 * The board after a message: a pure function, so that everything on the page is of one message.
 *
 * Law: the snapshot with all deltas applied is the later snapshot, whatever the way there.
 */
import type { Board, BoardDelta, FiringNote, HesitatingRow, TrendPoint } from '@/api/types'

export const HESITATING_ROWS = 5000
export const FIRINGS = 50
export const TREND_MS = 30 * 60_000

export function applyDelta(board: Board, seq: number, delta: BoardDelta): Board {
  const { trend_add, firings_add, hesitating, firings_by_moment, ...changed } = delta
  const next: Board = { ...board, ...changed, seq }
  if (trend_add?.length) next.trend = withPoints(board.trend, trend_add)
  if (firings_add?.length) next.firings = withFirings(board.firings, firings_add)
  if (firings_by_moment) {
    next.firings_by_moment = { ...board.firings_by_moment, ...firings_by_moment }
  }
  if (hesitating) {
    const rows = withRows(board.hesitating.rows, hesitating.put, hesitating.drop)
    next.hesitating = { count: hesitating.count, rows, shown: hesitating.shown ?? rows.length }
  }
  return next
}

function withPoints(trend: TrendPoint[], added: TrendPoint[]): TrendPoint[] {
  const byTime = new Map([...trend, ...added].map((point) => [point.at, point]))
  const points = [...byTime.values()].sort((a, b) => a.at - b.at)
  const newest = points.at(-1)?.at ?? 0
  return points.filter((point) => point.at > newest - TREND_MS)
}

function withFirings(firings: FiringNote[], added: FiringNote[]): FiringNote[] {
  const byId = new Map([...added, ...firings].map((firing) => [firing.id, firing]))
  return [...byId.values()].sort(newestFirst).slice(0, FIRINGS)
}

const newestFirst = (a: FiringNote, b: FiringNote): number =>
  b.at - a.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

export const rowKey = (row: Pick<HesitatingRow, 'viewer' | 'product'>): string =>
  JSON.stringify([row.viewer, row.product])

function withRows(
  rows: HesitatingRow[],
  put: HesitatingRow[],
  drop: [viewer: string, product: string][],
): HesitatingRow[] {
  const byKey = new Map(rows.map((row) => [rowKey(row), row]))
  for (const [viewer, product] of drop) byKey.delete(rowKey({ viewer, product }))
  for (const row of put) byKey.set(rowKey(row), row)
  return [...byKey.values()].sort(latestFirst).slice(0, HESITATING_ROWS)
}

/** Newest first; ties by name, so that no two pages of one message differ. */
export function latestFirst(a: HesitatingRow, b: HesitatingRow): number {
  if (a.at !== b.at) return b.at - a.at
  if (a.viewer !== b.viewer) return a.viewer < b.viewer ? -1 : 1
  return a.product < b.product ? -1 : a.product > b.product ? 1 : 0
}
