import { useMemo, useSyncExternalStore } from 'react'
import type { Board, BoardDelta } from '@/api/types'
import { applyDelta, latestFirst } from '@/lib/live/apply-delta'
import { useConnection, useConnectionState } from '@/lib/live/live-context'
import { TopicStore } from '@/lib/live/topic-store'
import { useMonotonicNow } from '@/lib/use-now'

/** Nothing for so long, or an engine so far behind, and the numbers are no longer "now". */
export const STALE_MS = 5_000

export type Freshness = 'connecting' | 'live' | 'stale' | 'behind' | 'down'

export interface RoomBoard {
  board: Board | null
  freshness: Freshness
  problem: string | null
}

function fromSnapshot(seq: number, data: unknown): Board {
  const board = data as Board
  const rows = [...board.hesitating.rows].sort(latestFirst)
  return { ...board, seq, hesitating: { ...board.hesitating, rows } }
}

const fromDelta = (board: Board, seq: number, delta: unknown): Board =>
  applyDelta(board, seq, delta as BoardDelta)

export function useRoomBoard(room: string): RoomBoard {
  const connection = useConnection()
  const state = useConnectionState()
  const store = useMemo(
    () => new TopicStore<Board>(connection, `room:${room}`, fromSnapshot, fromDelta),
    [connection, room],
  )
  const { data, heardAt, problem } = useSyncExternalStore(store.watch, store.current)
  const silence_ms = useMonotonicNow() - heardAt
  return { board: data, problem, freshness: freshnessOf(state, data, silence_ms) }
}

export function freshnessOf(
  state: 'connecting' | 'open' | 'down',
  board: Pick<Board, 'lag_ms'> | null,
  silence_ms: number,
): Freshness {
  if (state === 'down') return 'down'
  if (!board) return 'connecting'
  if (silence_ms > STALE_MS || state !== 'open') return 'stale'
  return board.lag_ms > STALE_MS ? 'behind' : 'live'
}
