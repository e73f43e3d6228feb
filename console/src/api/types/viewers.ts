/** Who a viewer is, and what it did. Instants are ms UTC, money is in minor units. */
import type { Words } from './words'

export type Origin = 'declared' | 'platform' | 'stated' | 'inferred'

export interface BasicValue {
  name: string
  names: Words
  value: string | number | boolean
  /** As people say it. */
  value_names: Words
  origin: Origin
  /** In percent. */
  confidence: number
  at: number
}

export interface Done {
  /** Of the event. */
  type: string
  n: number
  last: number
  amount_minor: number
}

export interface Liking {
  value: string
  names: Words
  /** 0 to 1. */
  share: number
  n: number
}

export type Dimension = 'category' | 'price_band' | 'brand' | 'brand_tone'

export interface Preference {
  dimension: Dimension
  acts: number
  /** Whether there are acts enough to say anything. */
  enough: boolean
  preferred: string | null
  likings: Liking[]
}

export type LifeStage = 'new' | 'active' | 'churn_risk' | 'dormant' | 'returned'

export interface StageChange {
  stage: LifeStage
  since: number
}

export type Tier = 'basic' | 'behavior' | 'value' | 'predictive'

/** `unknown`: insufficient evidence. */
export type TagAnswer = 'yes' | 'no' | 'unknown' | 'value'

export interface ViewerTag {
  key: string
  names: Words
  meaning: Words
  /** Null for a tag of the shop's own. */
  tier: Tier | null
  answer: TagAnswer
  value: string | null
  value_names: Words | null
  sentence: Words | null
  since: number | null
  because: string[]
}

export interface ViewerSegment {
  key: string
  names: Words
  meaning: Words
  sentence: Words
  since: number | null
  because: string[]
}

export interface WaitingMoment {
  moment: string
  /** Its product or category. */
  about: string | null
  title: string | null
  due: number
}

export interface Person {
  /** Not of a minor, or in strict mode of whom nobody knows: then there is no profile. */
  is_profiled: boolean
  basic: BasicValue[]
  behavior: Done[]
  preference: Preference[]
  /** The last one is that of now. */
  stages: StageChange[]
  tags: ViewerTag[]
  segments: ViewerSegment[]
  visits: number
  waiting: WaitingMoment[]
  first_seen: number | null
  linked: LinkedId[]
  /** Up to when it is stored; null before the first build. */
  stored_at: number | null
  /** How far back the rest reaches, where that is not everything. */
  since: number | null
}

/** An id that is another's; it holds while `until` is null. */
export interface LinkedId {
  id: string
  of: string
  kind: 'device' | 'platform'
  since: number
  until: number | null
  source: string
}

/** One person in all rooms. */
export interface PersonPage {
  viewer: string
  ids: string[]
  basic: BasicValue[]
  behavior: Done[]
  preference: Preference[]
  stages: StageChange[]
  linked: LinkedId[]
  stored_at: number | null
  timeline: PersonEvent[]
  since: number
  whole: boolean
}

export interface ViewerFiring {
  id: string
  moment: string
  at: number
  product: string | null
  explanation: Words
  because: string[]
}

export interface TimelineEvent {
  type: string
  at: number
  arrival: number
  product: string | null
  title: string | null
  text: string | null
  amount_minor: number | null
  source: string | null
  message_id: string | null
}

export interface PersonEvent {
  type: string
  at: number
  arrival: number
  product: string | null
  title: string | null
  text: string | null
  amount_minor: number | null
  source: string | null
  message_id: string | null
  /** Null for what happened in none. */
  room: string | null
  /** Under which id. */
  viewer: string
}

export interface Viewer {
  viewer: string
  known: boolean
  room: string
  present: boolean
  entered_at: number | null
  last_seen: number | null
  page: { product: string; title: string; since: number } | null
  person: Person
  firings: ViewerFiring[]
  timeline: TimelineEvent[]
  /** How far back the timeline reaches, and whether that is the whole visit. */
  since: number
  whole: boolean
}
