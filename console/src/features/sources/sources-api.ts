import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { CreatedKey, CreatedSource, NewSource, Source } from '@/api/types'

const KEY = ['sources']
const WAITING_MS = 1_500
const IDLE_MS = 10_000

/** The sources; asked for often while one of them has not sent anything yet. */
export function useSources() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<Source[]>('GET', '/api/sources'),
    refetchInterval: ({ state }) =>
      state.data?.some((source) => source.first_event_at === null) ? WAITING_MS : IDLE_MS,
  })
}

const keysOf = (name: string): string => `/api/sources/${encodeURIComponent(name)}/keys`

export function useCreateSource() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: NewSource) => request<CreatedSource>('POST', '/api/sources', body),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

export function useCreateKey() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => request<CreatedKey>('POST', keysOf(name)),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

export function useRevokeKey() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ name, id }: { name: string; id: string }) =>
      request<void>('DELETE', `${keysOf(name)}/${encodeURIComponent(id)}`),
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}
