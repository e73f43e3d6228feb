/** Who enters and leaves a segment. Instants are ms UTC. */

/** Somebody who entered or left a segment. */
export interface Moved {
  at: number
  viewer: string
  room: string
  entered: boolean
}

export interface MovedSecond {
  at: number
  entered: number
  left: number
}

/** A segment as it moves. */
export interface Movement {
  segment: string
  at: number
  /** From when on it has been followed without a break. */
  since: number | null
  live: number
  present: number
  /** Of the last minute those in which somebody moved, oldest first. */
  seconds: MovedSecond[]
  /** Newest first. */
  people: Moved[]
}
