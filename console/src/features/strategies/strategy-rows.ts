/** A strategy as rows that people read, one for everything that it says, so that two can be compared. */
import type { ChannelKind, Goal, Reaching, Strategy, StrategyLimits, Tolerance } from '@/api/types'
import { count, duration } from '@/lib/format'
import type { Say } from '@/lib/language'

/** How things that are told by a key are called. */
export interface Namings {
  t: Say
  channel: (kind: ChannelKind) => string
  event: (type: string) => string
  offer: (key: string) => string
  segment: (key: string) => string
  starts: (strategy: Partial<Strategy>) => string
  money: (minor: number) => string
}

export interface Row {
  label: string
  words: string
  /** What is compared: two values may have the same words. */
  value: unknown
}

export interface Change {
  label: string
  before: string
  after: string
}

/** One for each field: a new one does not compile before it has words. */
type WordsOf<Told> = { [Name in keyof Told]-?: (value: NonNullable<Told[Name]>, say: Namings) => string }
/** Fields that the server counts, or that are told apart. */
type Apart = 'key' | 'mode' | 'version' | 'steps' | 'limits' | 'goal' | 'tolerance'

const MINUTE_MS = 60_000
const text = (value: string): string => value
const number = (value: number): string => count(value)
const share = (value: number): string => `${value / 100}%`
const span = (ms: number): string => (ms % 1_000 === 0 ? duration(ms) : `${ms / 1_000} s`)

const STEP: WordsOf<Reaching> = {
  channel: (kind, say) => say.channel(kind),
  title: text,
  body: text,
  action_label: text,
  action_url: text,
  deadline_ms: span,
  wait_ms: span,
  wait_for: (type, say) => say.event(type),
}
const LIMITS: WordsOf<StrategyLimits> = {
  per_session: number,
  per_day: number,
  per_room_session: number,
  room_apart_ms: span,
  budget_minor: (minor, say) => say.money(minor),
}
const GOAL: WordsOf<Goal> = { event: (type, say) => say.event(type), within_ms: span, within: (_, { t }) => t('strategies.of_goal.session') }
const TOLERANCE: WordsOf<Tolerance> = { missed: share, left: share, dismissed: share, refunded: share, unsubscribed: share, complained: share }
const WHOLE: WordsOf<Omit<Strategy, Apart>> = {
  title: (titles) => Object.values(titles).join(' / '),
  reason: text,
  moment: (moment, say) => say.starts({ moment }),
  schedule: (schedule, say) => say.starts({ schedule }),
  whom: (keys, say) => keys.map(say.segment).join(', '),
  conditions: text,
  offer: (key, say) => say.offer(key),
  deadline_ms: span,
  priority: number,
  value_minor: (minor, say) => say.money(minor),
  control: share,
  why_no_control: text,
  ramp: share,
}

/** What holds where nothing is said. */
export const USUAL = {
  whole: { priority: 50, control: 1_000, ramp: 1_000 },
  limits: { per_session: 1 },
  goal: { event: 'order_paid', within_ms: 1_440 * MINUTE_MS },
  tolerance: { missed: 0, left: 200, dismissed: 3_000, refunded: 200, unsubscribed: 100, complained: 100 },
}

/** Everything that a strategy says, by names under which two are compared. */
export function rowsOf(strategy: Partial<Strategy>, say: Namings): Map<string, Row> {
  const { t } = say
  const rows = new Map<string, Row>()
  const tell = <Told extends object>(told: Told, words: WordsOf<Told>, name: string, labelOf: (field: string) => string) => {
    for (const field of Object.keys(words) as (keyof Told & string)[]) {
      const value = told[field]
      if (isSaid(value)) rows.set(name + field, { label: labelOf(field), value, words: words[field](value, say) })
    }
  }
  tell<Omit<Strategy, Apart>>({ ...USUAL.whole, ...strategy }, WHOLE, '', (field) => t(`strategies.part.${field as keyof typeof WHOLE}`))
  strategy.steps?.forEach((step, place) =>
    tell(step, STEP, `steps.${place}.`, (field) =>
      t('strategies.of_step.label', { n: place + 1, what: t(`strategies.of_step.${field as keyof Reaching}`) }),
    ),
  )
  tell({ ...USUAL.limits, ...strategy.limits }, LIMITS, 'limits.', (field) => t(`strategies.of_limits.${field as keyof StrategyLimits}`))
  tell({ ...USUAL.goal, ...strategy.goal }, GOAL, 'goal.', (field) => t(`strategies.of_goal.${field as keyof Goal}`))
  tell({ ...USUAL.tolerance, ...strategy.tolerance }, TOLERANCE, 'tolerance.', (field) =>
    t('strategies.of_tolerance', { harm: t(`strategies.harm.${field as keyof Tolerance}`) }),
  )
  return rows
}

/** What is left out, empty or nothing says nothing; a number that is 0 does. */
function isSaid<Value>(value: Value): value is NonNullable<Value> {
  if (value === undefined || value === null || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

const NOTHING = '–'

/** What the one says and the other does not, or otherwise; without a one before it, all. */
export function changesOf(before: Partial<Strategy> | null, after: Strategy, say: Namings): Change[] {
  const [old, now] = [before ? rowsOf(before, say) : new Map<string, Row>(), rowsOf(after, say)]
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((name) => {
    const [from, to] = [old.get(name), now.get(name)]
    const [was, is] = [JSON.stringify(from?.value), JSON.stringify(to?.value)]
    if (was === is) return []
    const isSame = from?.words === to?.words // two offers of one name, say: then by what tells them apart
    const label = (to ?? from)?.label ?? name
    return [{ label, before: (isSame ? was : from?.words) ?? NOTHING, after: (isSame ? is : to?.words) ?? NOTHING }]
  })
}
