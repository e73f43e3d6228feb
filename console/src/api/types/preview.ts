/** How many viewers a definition would hold, by history. Instants are ms UTC. */
import type { NamedDefinition } from './definitions'
import type { Words } from './words'

/** How many of another segment are in this one, too. */
export interface Overlap extends NamedDefinition {
  size: number
  both: number
}

/** Another segment of which history cannot say how many are in this one. */
export interface LeftOut extends NamedDefinition {
  reason: 'visit' | 'state' | 'score' | 'other'
}

export interface PreviewSample {
  viewer: string
  last_seen: number | null
  /** Of each of the parts of the preview whether it holds. */
  holds: boolean[]
}

/** How many a channel may and can reach: by their consent, and where there is an address. */
export interface Reach {
  channel: 'in_room' | 'push' | 'sms' | 'wechat' | 'email'
  count: number
}

/** For how many a condition holds, and how many of those left before it. */
export interface PreviewStep {
  sentence: Words
  alone: number
  left: number
}

/** A segment in numbers, before it is used; what arrived after `as_of` is not in them. */
export interface Preview {
  as_of: number
  took_ms: number
  total: number
  count: number
  /** What each condition leaves of everybody. */
  steps: { sentence: Words; alone: number; left: number; parts: PreviewStep[] }[]
  /** The place of the condition that leaves nobody. */
  empty_at: number | null
  few: boolean
  overlaps: Overlap[]
  left_out: LeftOut[]
  parts: Words[]
  reach: Reach[]
  samples: PreviewSample[]
}

/** Of how many a tag holds, does not hold, and of how many there is not enough evidence to say no. */
export interface TagShare {
  value: string
  names: Words
  total: number
  yes: number
  no: number
  unknown: number
}

/** The same for people whose value of a trait is known, by that value. */
export interface TagGrouping {
  trait: string
  names: Words
  shares: TagShare[]
}

/** How a tag would divide everybody whom history knows; what arrived after `as_of` is not in it. */
export interface Distribution {
  as_of: number
  took_ms: number
  everybody: TagShare
  groupings: TagGrouping[]
}
