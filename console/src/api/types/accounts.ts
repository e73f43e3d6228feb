/** Who uses the console: accounts, their roles, invitations, and keys of programs. Instants are ms UTC. */

export interface Account {
  id: string
  name: string
  role: string
  /** Actions, as `products.write`; the server decides, the pages only hide what it would refuse. */
  may: string[]
}

export interface Session {
  account: Account | null
  /** No account exists yet: the first one is made with the one-time link. */
  first_run: boolean
  csrf: string | null
}

export interface Invitation {
  role: string
  /** Of the account whose password it resets; null for a new account. */
  name: string | null
}

export type Role = 'owner' | 'lead' | 'operator' | 'service' | 'host' | 'reader'

export type ApiKeyRole = 'lead' | 'operator' | 'service' | 'reader'

export interface Member {
  id: string
  name: string
  role: Role
  created_at: number
  seen_at: number | null
  disabled_at: number | null
}

export interface NewInvitation {
  role: Role
}

/** Shown once: `token` stands behind the # of `/join`. */
export interface OneTimeLink {
  token: string
  role: Role
  expires_at: number
}

export interface MemberChange {
  role?: Role
  disabled?: boolean
  reason?: string
}

export interface ApiKey {
  id: string
  name: string
  role: ApiKeyRole
  prefix: string
  created_at: number
  used_at: number | null
  revoked_at: number | null
}

export interface NewApiKey {
  name: string
  role: ApiKeyRole
}

export interface CreatedApiKey {
  key: ApiKey
  /** Shown once. */
  secret: string
}
