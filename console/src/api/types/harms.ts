import type { Interval } from './effects'

/** Harms at which a strategy stops by itself: so many more of the treated, of ten thousand; null: not watched. */
export interface Tolerance {
  missed?: number | null
  left?: number | null
  dismissed?: number | null
  refunded?: number | null
  unsubscribed?: number | null
  complained?: number | null
}

/** A step that the interval suggests; somebody who may take it takes it. */
export interface Suggestion {
  step: 'widen' | 'end'
  why: 'works' | 'harms' | 'not_worth_it'
}

/** What to do next, or what else is to be known. */
export type Advice =
  | 'sample_ratio'
  | 'no_control'
  | 'too_early'
  | 'stop'
  | 'costs_more'
  | 'widen'
  | 'keep'
  | 'change'
  | 'wait'
  | 'crossed'
  | 'differ'

/** A harm that is watched; one that is crossed has paused the strategy. */
export interface Harm {
  /** missed, left, dismissed, refunded, unsubscribed or complained */
  name: string
  treated: number
  control: number
  /** worse for the treated, as a share of people */
  more: Interval
  /** a share of people */
  tolerated: number
  is_crossed: boolean
  /** Not sure yet, but most of the interval lies above what is tolerated. */
  is_near: boolean
}
