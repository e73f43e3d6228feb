import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { FollowUpPage, Viewer } from '@/api/types'

export type Step = 'claim' | 'put_back' | 'done' | 'skipped'

const KEY = ['follow-ups']
const PATH = '/api/follow-ups'
const FRESH_MS = 1_000

export function useFollowUps() {
  return useQuery({
    queryKey: KEY,
    queryFn: () => request<FollowUpPage>('GET', PATH),
    refetchInterval: FRESH_MS,
    refetchIntervalInBackground: true, // the chat with the viewer is in another window
  })
}

/** Of two who claim at once one gets it; the other has the error, and sees who has it. */
export function useStep() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: ({ id, step }: { id: string; step: Step }) =>
      request<void>('POST', `${PATH}/${encodeURIComponent(id)}`, { step }),
    onSettled: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

/** What the viewer did, for the evidence; the same question as that of the drawer. */
export function useViewer(room: string, viewer: string) {
  return useQuery({
    queryKey: ['viewer', room, viewer],
    queryFn: () =>
      request<Viewer>('GET', `/api/rooms/${encodeURIComponent(room)}/viewers/${encodeURIComponent(viewer)}`),
    enabled: room !== '', // who is in no room has no events there
  })
}
