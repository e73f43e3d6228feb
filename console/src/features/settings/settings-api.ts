import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type {
  ApiKey,
  AuditPage,
  AuditVerdict,
  CreatedApiKey,
  Member,
  MemberChange,
  NewApiKey,
  OneTimeLink,
  Role,
} from '@/api/types'

const MEMBERS = ['accounts']
const KEYS = ['api-keys']
const AUDIT = ['audit']

function useChange<Given, Told>(key: string[], change: (given: Given) => Promise<Told>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    // Everything that is changed here is in the audit as well.
    onSuccess: () => Promise.all([key, AUDIT].map((queryKey) => cache.invalidateQueries({ queryKey }))),
  })
}

export const useMembers = () =>
  useQuery({ queryKey: MEMBERS, queryFn: () => request<Member[]>('GET', '/api/accounts') })

export const useInvite = () =>
  useChange(MEMBERS, (role: Role) => request<OneTimeLink>('POST', '/api/accounts/invitations', { role }))

const member = (id: string): string => `/api/accounts/${encodeURIComponent(id)}`

export const useChangeMember = () =>
  useChange(MEMBERS, ({ id, change }: { id: string; change: MemberChange }) =>
    request<Member>('PATCH', member(id), change),
  )

export const useReset = () =>
  useChange(MEMBERS, (id: string) => request<OneTimeLink>('POST', `${member(id)}/reset`))

export const useApiKeys = () =>
  useQuery({ queryKey: KEYS, queryFn: () => request<ApiKey[]>('GET', '/api/api-keys') })

export const useCreateApiKey = () =>
  useChange(KEYS, (given: NewApiKey) => request<CreatedApiKey>('POST', '/api/api-keys', given))

export const useRevokeApiKey = () =>
  useChange(KEYS, (id: string) => request<void>('DELETE', `/api/api-keys/${encodeURIComponent(id)}`))

export function useAudit() {
  return useInfiniteQuery({
    queryKey: [...AUDIT, 'rows'],
    initialPageParam: null as number | null,
    queryFn: ({ pageParam }) =>
      request<AuditPage>('GET', `/api/audit${pageParam === null ? '' : `?before=${pageParam}`}`),
    getNextPageParam: (page) => page.next,
  })
}

export const useAuditVerdict = () =>
  useQuery({
    queryKey: [...AUDIT, 'verdict'],
    queryFn: () => request<AuditVerdict>('GET', '/api/audit/verdict'),
  })
