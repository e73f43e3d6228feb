import type { NamedDefinition } from './definitions'
import type { StrategyMode } from './strategies'
import type { Words } from './words'

/** What strategies really changed. Instants are ms UTC, money is in minor units. */
import type { Advice, Harm, Suggestion } from './harms'

/** A value and between what it lies, at 95 %, however often somebody looks. */
export interface Interval {
  value: number
  low: number
  high: number
}

/** The people of one arm: how many, of how many the outcome is not 0, its sum and mean. */
export interface EffectArm {
  n: number
  with_outcome: number
  total: number
  mean: number
}

/** One outcome of both arms: absolute per person, relative to the control, and of all the treated together. */
export interface Comparison {
  name: string
  treated: EffectArm
  control: EffectArm
  absolute: Interval
  relative: Interval | null
  uncut: Interval | null
  incremental: Interval
  p: number
  is_enough: boolean
  is_yes_no: boolean
}

/** 确认有效 / 有负面影响 / 还不能确定. */
export type EffectVerdict = 'works' | 'harms' | 'unsure'

/** The verdict and what it rests on; null and empty where it is hidden. */
export interface Effect {
  verdict: EffectVerdict | null
  why_hidden: string
  treated: number
  control: number
  sample_ratio_p: number | null
  crossed: number
  is_crossed: boolean
  still_needed: number | null
  primary: Comparison | null
  secondary: Comparison[]
}

/** The effect in one group; `shrunk` is drawn towards that of all. */
export interface EffectGroup {
  name: string
  treated: EffectArm
  control: EffectArm
  absolute: Interval
  relative: Interval | null
  uncut: Interval | null
  incremental: Interval
  p: number
  is_enough: boolean
  is_yes_no: boolean
  group: string
  shrunk: number
}

export interface EffectGroups {
  differ: boolean
  differ_p: number
  left_out: string[]
  groups: EffectGroup[]
}

/** What was known of the goal at an instant, of those whose time was over then. */
export interface EffectStanding {
  as_of: number
  treated: number
  control: number
  absolute: Interval
  relative: Interval | null
}

/** Selection, not an effect: the treated beside the others who were there. */
export interface NaiveRatio {
  treated: number
  treated_reached: number
  others: number
  others_reached: number
  ratio: number | null
}

/** The effect on whole rooms, in events of the goal per minute: slices of five minutes that acted, beside silent ones. */
export interface EffectSlices {
  verdict: EffectVerdict
  slices: number
  waiting: number
  acting: number
  silent: number
  more: Interval | null
  next_look: number
  still_needed: number | null
  carried_p: number
  is_carried: boolean
}

/** The effect of one version of a strategy; `as_of` 0: nothing is known yet; `window_ms` 0: until the session ends. */
export interface StrategyEffect {
  strategy: string
  version: number
  goal: string
  window_ms: number
  as_of: number
  waiting: number
  in_holdout: number
  placeless_refunds: number
  unattributable: number
  other_currency: number
  offers_minor: number
  effect: Effect
  sessions: EffectGroups | null
  by: Record<string, EffectGroups>
  over_time: EffectStanding[]
  slices: EffectSlices | null
  naive: NaiveRatio | null
  harms: Harm[]
  suggestion: Suggestion | null
  /** First things first. */
  advice: Advice[]
}

/** The effect of a strategy with what it is called; `levels` are the tags and segments by which it is told. */
export interface EffectReport {
  key: string
  names: Words
  mode: StrategyMode
  found: StrategyEffect
  levels: NamedDefinition[]
}
