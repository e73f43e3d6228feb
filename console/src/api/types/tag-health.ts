import type { Words } from './words'

export type TagSuggestion = 'keep' | 'fix' | 'retire' | 'not_enough'

export type TagReason =
  | 'few_people'
  | 'not_in_history'
  | 'nobody'
  | 'everybody'
  | 'little_evidence'
  | 'unstable'
  | 'unused'

/** A strategy that names a tag. */
export interface TagUser {
  key: string
  names: Words
}

/** What should become of a tag; numbers are of people, null where history cannot say it. */
export interface TagHealth {
  key: string
  suggestion: TagSuggestion
  reasons: TagReason[]
  as_of: number | null
  total: number | null
  yes: number | null
  unknown: number | null
  flips: number | null
  strategies: TagUser[]
}
