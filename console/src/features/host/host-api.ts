import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { PromptPage } from '@/api/types'

export type Answer = 'said' | 'skipped'

const FRESH_MS = 1_000
const pathOf = (room: string): string => `/api/rooms/${encodeURIComponent(room)}/prompts`

export function usePrompts(room: string) {
  return useQuery({
    queryKey: ['prompts', room],
    queryFn: () => request<PromptPage>('GET', pathOf(room)),
    refetchInterval: FRESH_MS,
    refetchIntervalInBackground: true, // the host's screen often stands beside another window
  })
}

/** Whoever answers second is told nothing: the card is gone for both. */
export function useAnswer(room: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ id, answer }: { id: string; answer: Answer }) =>
      request<void>('POST', `${pathOf(room)}/${encodeURIComponent(id)}`, { answer }),
    onSettled: () => cache.invalidateQueries({ queryKey: ['prompts', room] }),
  })
}
