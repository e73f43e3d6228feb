import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { RecordedSession, Trial } from '@/api/types'

const KEY = ['trials']
const LOOK_MS = 500

const pathOf = (strategy: string, version: number): string =>
  `/api/strategies/${encodeURIComponent(strategy)}/versions/${version}/trial`

export function useRecordedSessions() {
  return useQuery({
    queryKey: [...KEY, 'sessions'],
    queryFn: () => request<RecordedSession[]>('GET', '/api/recorded-sessions'),
  })
}

/** The trial of a version that was begun here; looked at often while it goes on. */
export function useTrial(strategy: string, version: number) {
  return useQuery({
    queryKey: [...KEY, strategy, version],
    queryFn: () => request<Trial>('GET', pathOf(strategy, version)),
    enabled: ({ state }) => state.data?.state === 'running',
    refetchInterval: LOOK_MS,
  })
}

interface Begun {
  strategy: string
  version: number
  session: RecordedSession
}

export function useBeginTrial() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ strategy, version, session: { room, session } }: Begun) =>
      request<Trial>('POST', pathOf(strategy, version), { room, session }),
    onSuccess: (told, { strategy, version }) => cache.setQueryData([...KEY, strategy, version], told),
  })
}
