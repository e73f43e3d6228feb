/** Who did what, when and why. Instants are ms UTC. */

export interface Actor {
  kind: 'account' | 'key' | 'link' | 'command' | 'system'
  id: string
  name: string
}

export interface AuditEntry {
  number: number
  at: number
  actor: Actor
  action: string
  subject: string
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
  reason: string
}

export interface AuditPage {
  items: AuditEntry[]
  next: number | null
}

export interface AuditVerdict {
  rows: number
  head: string
  intact: boolean
  broken_at: number | null
  problem: string | null
  as_of: number
}
