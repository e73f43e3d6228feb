import type { Words } from './words'

/** A part of a session from `at` on; `orders` and `gmv_minor` are those of the session until its end. */
export interface ReviewSlice {
  at: number
  online: number | null
  orders: number
  gmv_minor: number
}

/** How often a moment fired in the slice at `place`, and for how many viewers. */
export interface ReviewMoment {
  place: number
  moment: string
  times: number
  viewers: number
}

/** How often a strategy decided so: act, held_out or suppressed. */
export interface ReviewDecided {
  place: number
  strategy: string
  outcome: string
  times: number
}

/** Five minutes in which what a whole room hears acted, or was silent. */
export interface ReviewTurn {
  strategy: string
  begins: number
  ends: number
  acts: boolean
}

/** A session in slices of `width_ms`; `names` of its strategies, by key. */
export interface Review {
  room: string
  session: string
  begins: number
  ends: number
  width_ms: number
  slices: ReviewSlice[]
  moments: ReviewMoment[]
  decided: ReviewDecided[]
  turns: ReviewTurn[]
  names: Record<string, Words>
}
