import type { StrategyEffect } from './effects'
import type { Harm } from './harms'
import type { Words } from './words'

/** What somebody may have to do, the most urgent first. */
export type NeedKind =
  | 'stopped'
  | 'harms'
  | 'near_harm'
  | 'not_as_drawn'
  | 'cannot_run'
  | 'silent'
  | 'offer_ends'
  | 'follow_ups'
  | 'dead_letters'
  | 'waiting'
  | 'next_session'

/** `key` is the strategy, source, offer or room; `at` since or until when; `effect` and `harm` where that is the reason. */
export interface Need {
  kind: NeedKind
  key: string
  names: Words | null
  n: number
  at: number | null
  effect: StrategyEffect | null
  harm: Harm | null
}

/** What needs somebody now; `problem`: why nothing is known of effects. */
export interface Home {
  as_of: number
  needs: Need[]
  problem: string | null
}
