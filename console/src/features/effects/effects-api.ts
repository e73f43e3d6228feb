import { useQuery } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { Definition, EffectReport, StrategyEffect } from '@/api/types'

const KEY = ['strategies', 'effect'] // below 'strategies': a step of a strategy asks anew
const FRESH_MS = 60_000

/** What the version in force changed, or the newest that ever was. */
export function useEffectOf(key: string) {
  return useQuery({
    queryKey: [...KEY, 'of', key],
    queryFn: () => request<StrategyEffect>('GET', `/api/strategies/${encodeURIComponent(key)}/effect`),
    refetchInterval: FRESH_MS,
  })
}

/** Every strategy that has decided. */
export function useEffects() {
  return useQuery({
    queryKey: [...KEY, 'list'],
    queryFn: () => request<EffectReport[]>('GET', '/api/effects'),
    refetchInterval: FRESH_MS,
  })
}

/** One of them, by some tags and segments; by none: the server chooses those nearest to it. */
export function useEffectReport(key: string, by: readonly string[]) {
  const asked = new URLSearchParams(by.map((one) => ['by', one]))
  return useQuery({
    queryKey: [...KEY, 'report', key, ...by],
    queryFn: () => request<EffectReport>('GET', `/api/effects/${encodeURIComponent(key)}?${asked.toString()}`),
    placeholderData: (before) => (before?.key === key ? before : undefined),
    refetchInterval: FRESH_MS,
  })
}

/** The tags and segments by which one may ask. */
export function useLevels(isAllowed: boolean) {
  return useQuery({
    queryKey: ['definitions', 'all'],
    queryFn: () => request<Definition[]>('GET', '/api/definitions'),
    select: (all) => all.filter((one) => one.kind !== 'moment' && one.now !== null && one.number === null),
    enabled: isAllowed,
  })
}
