/** Strategies, and what they decided. Instants are ms UTC, money is in minor units. */
import type { Tolerance } from './harms'
import type { Words } from './words'

/** Where a strategy is on its way. */
export type StrategyMode =
  | 'draft'
  | 'dry_run'
  | 'approval'
  | 'ramp'
  | 'full'
  | 'paused'
  | 'ended'

/** A step on that way; `approve`, `send_back` and `widen` are for those who approve. */
export type StrategyStep =
  | 'rehearse'
  | 'ask'
  | 'approve'
  | 'send_back'
  | 'widen'
  | 'narrow'
  | 'pause'
  | 'resume'
  | 'end'

/** How a viewer, or somebody of the shop, is reached. */
export type ChannelKind =
  | 'in_room'
  | 'host'
  | 'follow_up'
  | 'webhook'
  | 'push'
  | 'email'
  | 'sms'
  | 'wechat'
  | 'bot'

/** One way to reach the viewer; a later one is tried where those before did not. */
export interface Reaching {
  channel: ChannelKind
  title?: string
  body?: string
  action_label?: string
  action_url?: string
  /** ms after it goes; null: as usual for the channel */
  deadline_ms?: number | null
  /** ms after it goes, after which the next step may go; null: its deadline */
  wait_ms?: number | null
  /** the event that keeps the next step from going; "": that this one reached */
  wait_for?: string
}

/** What one strategy may do; null: only the limits of the shop hold. */
export interface StrategyLimits {
  per_session?: number | null
  per_day?: number | null
  per_room_session?: number | null
  /** ms between two in one room */
  room_apart_ms?: number
  /** minor units of the shop's currency */
  budget_minor?: number | null
}

/** When a strategy acts by the clock; one of these is said. */
export interface Schedule {
  /** ms after each session starts */
  after_ms?: number | null
  /** ms again and again after that */
  every_ms?: number | null
  /** a time of day of the shop's zone: "20:00" */
  daily?: string | null
  /** ms before the announced start of a session */
  before_ms?: number | null
}

/** By what a strategy is measured. */
export interface Goal {
  event?: string
  within_ms?: number
  within?: '' | 'session'
}

/** A strategy as it is written, in a file or here; what is left out is as usual. */
export interface Strategy {
  key: string
  /** the moment that starts it; "": a schedule does */
  moment?: string
  schedule?: Schedule | null
  steps: Reaching[]
  /** ms after the decision; null: as long as the steps take */
  deadline_ms?: number | null
  version?: number
  /** by language: zh, en */
  title?: Record<string, string>
  reason?: string
  whom?: string[]
  conditions?: string
  offer?: string | null
  limits?: StrategyLimits
  priority?: number
  /** minor units of the shop's currency */
  value_minor?: number
  /** of ten thousand */
  control?: number
  why_no_control?: string
  /** of ten thousand */
  ramp?: number
  goal?: Goal
  tolerance?: Tolerance
  mode?: StrategyMode
}

/** What a message may promise, under rules that everybody can read. */
export interface Offer {
  key: string
  title: string
  rules?: string
  /** minor units of the shop's currency, as all amounts */
  amount_minor?: number
  least_order_minor?: number
  cost_minor?: number
  stock?: number | null
  /** ms UTC */
  valid_from?: number | null
  valid_until?: number | null
  valid_for_ms?: number | null
  /** The coupon system of the shop makes a code for each act. */
  is_issued?: boolean
}

/** Whom a playbook is for. */
export type PlaybookGroup = 'new' | 'active' | 'dormant' | 'high_value' | 'moment' | 'example'

/** A built-in strategy to copy; strategy and offer by language, the offer a sketch. */
export interface Playbook {
  key: string
  group: PlaybookGroup
  names: Words
  reason: Words
  strategy: Record<'zh' | 'en', Strategy>
  offer: Record<'zh' | 'en', Offer> | null
}

/** The limits of the shop. */
export interface Guardrails {
  per_session?: number
  /** ms between two for one person */
  apart_ms?: number
  per_day?: number
  /** minutes of the day of the shop's zone */
  quiet_from?: number
  quiet_until?: number
  /** of ten thousand */
  holdout?: number
  why_no_holdout?: string
  is_stopped?: boolean
}

/** A version, with who brought it where it is; instants are ms UTC. */
export interface StrategyVersion {
  strategy: Strategy
  version: number
  mode: StrategyMode
  made_at: number
  made_by: string
  asked_by: string
  approved_by: string
  changed_at: number
  changed_by: string
  why: string
  steps: StrategyStep[]
}

/** What a strategy decided since midnight of the shop; `reasons` counts what was suppressed. */
export interface StrategyToday {
  acted: number
  held_out: number
  rehearsed: number
  suppressed: number
  reasons: Record<string, number>
}

/** A strategy in the list. */
export interface StrategySummary {
  key: string
  names: Words
  mode: StrategyMode
  of_file: Strategy | null
  now: StrategyVersion | null
  waiting: StrategyVersion | null
  draft: StrategyVersion | null
  problem: string | null
  today: StrategyToday
}

/** A strategy with every version, newest first. */
export interface StrategyDetail extends StrategySummary {
  history: StrategyVersion[]
}

/** What a strategy means, and whether it could run. */
export interface StrategyUnderstood {
  usable: boolean
  sentence: Words | null
  again_after_ms: number | null
  deadlines_ms: number[]
  /** Channels of its steps that are not set up: nothing goes over them. */
  passed_over: ChannelKind[]
  problem: string | null
  code: string | null
  field: string | null
}

/** An offer with how many were given, and the strategies that go with it. */
export interface OfferInUse {
  offer: Offer
  given: number
  /** How many codes were uploaded, and how many nobody has; null where it has none. */
  codes: number | null
  codes_left: number | null
  of_file: boolean
  used_by: string[]
}

/** A code by its last characters; `read`: it went out to somebody. */
export interface OfferCode {
  place: number
  tail: string
  read: boolean
}

export interface OfferCodes {
  size: number
  left: number
  newest: OfferCode[]
}

/** The limits of the shop, and whether whoever makes a strategy approves it. */
export interface ShopLimits {
  guardrails: Guardrails
  single_person: boolean
}

/** The red switch. */
export interface RedSwitch {
  is_stopped: boolean
}
