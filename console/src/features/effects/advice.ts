import type { EffectReport } from '@/api/types'

/** What to do next; each is a text below `effects.next`. */
export type Advice =
  | 'sample_ratio'
  | 'no_control'
  | 'too_early'
  | 'stop'
  | 'costs_more'
  | 'widen'
  | 'keep'
  | 'wait'
  | 'change'
  | 'crossed'
  | 'differ'

/** What follows from the intervals and the checks, and from nothing else: the most urgent first. */
export function adviceOf({ mode, found }: Pick<EffectReport, 'mode' | 'found'>): Advice[] {
  const { effect } = found
  if (effect.why_hidden === 'sample_ratio') return ['sample_ratio']
  if (effect.verdict === null) return [found.waiting > 0 ? 'too_early' : 'no_control']
  const told: Advice[] = []
  const after = effect.secondary.find((one) => one.name === 'net_after_offers')
  const costsMore = after !== undefined && after.is_enough && after.absolute.high < 0
  if (effect.verdict === 'harms') told.push('stop')
  else if (costsMore) told.push('costs_more')
  else if (effect.verdict === 'works') told.push(mode === 'ramp' ? 'widen' : 'keep')
  else told.push(effect.still_needed === 0 ? 'change' : 'wait')
  if (effect.is_crossed) told.push('crossed')
  if (Object.values(found.by).some((groups) => groups.differ)) told.push('differ')
  return told
}
