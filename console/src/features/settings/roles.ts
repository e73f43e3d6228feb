import type { ApiKeyRole, Role } from '@/api/types'

export const ROLES: Role[] = ['owner', 'lead', 'operator', 'service', 'host', 'reader']
/** A key cannot be an owner: what makes accounts must be a person. */
export const KEY_ROLES: ApiKeyRole[] = ['lead', 'operator', 'service', 'reader']
