/** Tags, segments and moments. Instants are ms UTC. */
import type { Tier } from './viewers'
import type { Words } from './words'

export type DefinitionKind = 'moment' | 'tag' | 'segment'

export interface NamedDefinition {
  kind: DefinitionKind
  key: string
  names: Words
}

/** What uses a definition or a list. */
export interface DefinitionUser {
  kind: DefinitionKind | 'strategy'
  key: string
  names: Words
}

/** Of those in the room, and of all with a live row. */
export interface Holding {
  present: number
  live: number
}

/** One version; what is built in has no instants. */
export interface DefinitionVersion {
  version: number
  state: 'draft' | 'active' | 'replaced' | 'retired'
  text: string
  /** Null while a draft cannot be understood. */
  sentence: Words | null
  title: Record<string, string>
  meaning: Record<string, string>
  made_at: number
  made_by: string
  why: string
  active_from: number | null
  active_until: number | null
  ended_by: string | null
}

export interface FiredIn {
  room: string
  count: number
}

/** A number of a built-in moment, e.g. how long it waits. */
export interface Parameter {
  key: string
  names: Words
  value: Words
}

/** What a number counts; money is in minor units. */
export type Unit = 'times' | 'products' | 'categories' | 'money' | 'none'

export interface Definition {
  kind: DefinitionKind
  key: string
  names: Words
  meaning: Words
  built_in: boolean
  now: DefinitionVersion | null
  draft: DefinitionVersion | null
  used_by: DefinitionUser[]
  uses: NamedDefinition[]
  /** Since when it counts, if not from the start; backfilled: with the minutes before. */
  counting: { since: number; backfilled: boolean } | null
  /** Of how many viewers in open rooms it holds now. */
  holding: Holding | null
  /** Of how many there is enough evidence to say so. */
  enough: Holding | null
  tier: Tier | null
  freshness: 'live' | 'session' | 'daily' | null
  /** The tag whose value it is. */
  part_of: string | null
  /** What a tag counts whose value is a number; of others null. */
  number: Unit | null
  /** Of moments, since the last midnight of the shop, the busiest room first. */
  fired: FiredIn[]
  /** The numbers of a built-in moment. */
  parameters: Parameter[]
}

/** The JSON tree of an expression of the condition language. */
export interface Tree {
  op: string
  [part: string]: unknown
}

export interface DefinitionDetail extends Definition {
  tree: Tree | null
  history: DefinitionVersion[]
}

/** What is allowed and hardly meant; durations in `params` are ms, money is in minor units. */
export interface DefinitionWarning {
  code: string
  params: Record<string, string | number>
  said: Words
}

/** What a text or a tree means, or what is wrong with it. */
export interface Understood {
  usable: boolean
  text: string | null
  tree: Tree | null
  sentence: Words | null
  sort: 'level' | 'pulse' | null
  warnings: DefinitionWarning[]
  uses: NamedDefinition[]
  code: string | null
  problem: string | null
  /** The same in both languages, where it is a problem of the language. */
  said: Words | null
  position: number | null
  path: string | null
  /** Of an unknown name: its kind, the name, and one that is near. */
  params: Record<string, string>
}
