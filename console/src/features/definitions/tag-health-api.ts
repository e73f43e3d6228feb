import { useQuery } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { EffectReport, TagHealth } from '@/api/types'

const FRESH_MS = 60_000

/** Every tag that says yes or no. */
export function useTagHealth(isAsked = true) {
  return useQuery({
    queryKey: ['definitions', 'health'],
    queryFn: () => request<TagHealth[]>('GET', '/api/tags/health'),
    enabled: isAsked,
    refetchInterval: FRESH_MS,
    retry: false,
  })
}

/** What strategies changed where a tag held, and elsewhere. */
export function useTagEffects(key: string) {
  return useQuery({
    queryKey: ['definitions', 'health', key],
    queryFn: () => request<EffectReport[]>('GET', `/api/tags/${encodeURIComponent(key)}/effects`),
    refetchInterval: FRESH_MS,
    retry: false,
  })
}
