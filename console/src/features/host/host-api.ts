import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { PromptPage, RoomLists } from '@/api/types'

export type Answer = 'said' | 'skipped'

const FRESH_MS = 1_000
const LISTS_MS = 15_000
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

const listsOf = (room: string): string => `/api/rooms/${encodeURIComponent(room)}/lists`

export function useRoomLists(room: string) {
  return useQuery({
    queryKey: ['room-lists', room],
    queryFn: () => request<RoomLists>('GET', listsOf(room)),
    refetchInterval: LISTS_MS,
  })
}

export function useChooseLists(room: string) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (given: Pick<RoomLists, 'is_hot_shown' | 'recommended'>) =>
      request<RoomLists>('PUT', listsOf(room), given),
    onSuccess: (told) => cache.setQueryData(['room-lists', room], told),
  })
}
