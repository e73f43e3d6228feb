/** Strategies tried on recorded sessions. Instants are ms UTC, money is in minor units. */
import type { Words } from './words'

/** A session that a strategy can be tried on. */
export interface RecordedSession {
  room: string
  session: string
  begins: number
  ends: number
}

/** A reason for which nothing was done: how often, and when first. */
export interface TrialStop {
  reason: string
  says: Words
  count: number
  first_at: number
}

/** What a strategy would have done; what it costs is the most that it can. */
export interface TrialResult {
  was_there: boolean
  acts: number
  viewers: number
  held_out: number
  cost_minor: number
  stops: TrialStop[]
  lost_to: Record<string, number>
  went_before: Record<string, number>
}

/** A trial and how far it has come. */
export interface Trial {
  room: string
  session: string
  state: 'running' | 'done' | 'failed'
  done: number
  total: number
  problem: string | null
  result: TrialResult | null
}
