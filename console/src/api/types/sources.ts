/** What sends events, and whether they arrive. Instants are ms UTC, delays ms. */

export type KeyClass = 'browser' | 'server' | 'connector'

export interface SourceHealth {
  name: string
  /** Null for a source that has been removed. */
  key_class: string | null
  first_at: number | null
  last_at: number | null
  events: number
  duplicates: number
  late: number
  rejected: number
  rejected_by_code: Record<string, number>
  delay_p50_ms: number | null
  delay_p95_ms: number | null
}

export interface EngineHealth {
  lag_ms: number
  /** Rows that have arrived and are not yet followed. */
  waiting: number
  viewers: number
  accepted: number
  duplicates: number
  late: number
  refused: number
  /** What full lists made the engine forget. */
  overflow: number
  problem: string | null
}

export interface DataHealth {
  as_of: number
  log: { first_offset: number; next_offset: number; last_clock: number }
  engine: EngineHealth
  sources: SourceHealth[]
  dead_letters: number
}

export interface DeadLetter {
  id: string
  at: number
  source: string
  route: string
  code: string
  detail: string
  events: number
  size: number
  preview: string
}

export interface DeadLetters {
  items: DeadLetter[]
  next: string | null
}

export interface Rejected {
  index: number
  message_id: string | null
  code: string
  detail: string
}

export interface Replayed {
  accepted: number
  rejected: Rejected[]
}

export interface SourceKey {
  id: string
  prefix: string
  created_at: number
  revoked_at: number | null
}

export interface Source {
  name: string
  key_class: KeyClass
  namespace: string
  default_room: string | null
  created_at: number
  first_event_at: number | null
  last_event_at: number | null
  keys: SourceKey[]
}

export interface NewSource {
  name: string
  key_class: KeyClass
  /** Ids of another namespace than the shop's are people of their own. */
  namespace?: string
  default_room?: string
  /** It sends heartbeats, so that silence means that a viewer has left. */
  presence?: boolean
}

export interface CreatedSource {
  source: Source
  /** Shown once; the server keeps a hash only. */
  write_key: string
}

export interface CreatedKey {
  key_id: string
  write_key: string
}
