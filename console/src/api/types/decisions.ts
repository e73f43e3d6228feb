import type { StrategyMode } from './strategies'
import type { Words } from './words'

/** What became of a firing. */
export type Outcome = 'act' | 'held_out' | 'suppressed'

/** What a strategy did about a firing; instants are ms UTC. */
export interface Decision {
  id: string
  at: number
  strategy: string
  version: number
  names: Words
  moment: string
  /** the instant of a schedule, of which there is no moment */
  scheduled_at: number | null
  viewer: string | null
  room: string
  product: string | null
  outcome: Outcome
  reason: string
  says: Words
  channels: string[]
  offer: string | null
  deadline_at: number
  rehearsal: boolean
}

/** Something that a strategy asks for beside its moment. */
export interface Guard {
  sentence: Words
  holds: boolean
  unknown: boolean
  /** The viewer did more than is kept: only the newest amounts count. */
  cut: boolean
}

/** Where a strategy stands with a viewer. */
export type Verdict = 'decided' | 'not_held' | 'not_running' | 'not_fired' | 'not_due' | 'no_turn'

/** Why a strategy did something about a viewer, or nothing. */
export interface StrategyWhy {
  strategy: string
  names: Words
  mode: StrategyMode
  moment: string
  verdict: Verdict
  fired_at: number | null
  judged_at: number
  guards: Guard[]
  decision: Decision | null
}

/** Everything that strategies did, or did not, about one viewer in one room. */
export interface WhyPage {
  as_of: number
  decisions: Decision[]
  strategies: StrategyWhy[]
}

/** What the host should say next, for so many viewers (0: the whole room); instants are ms UTC. It names nobody. */
export interface Prompt {
  id: string
  at: number
  deadline_at: number
  title: string
  body: string
  product: string | null
  link_number: number | null
  why: string
  viewers: number
}

/** A product for the host to speak of, with what there is to say, best first. */
export interface StageProduct {
  title: string
  link_number: number | null
  selling_points: string[]
}

/** What is presented now, and what comes next on the shelf; null: nothing, or nobody knows. */
export interface RoomStage {
  presented: StageProduct | null
  is_sold_out: boolean
  next: StageProduct | null
}

/** The open cards of a room, the one to say next first. */
export interface PromptPage {
  now: number
  /** In the room, as its board tells it; null before anybody was there. */
  online: number | null
  stage: RoomStage
  prompts: Prompt[]
}
