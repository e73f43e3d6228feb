import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { remembered, request } from './client'
import type { Invitation, Session } from './types'

const KEY = ['session']

export function useSession() {
  return useQuery({
    queryKey: KEY,
    queryFn: async () => remembered(await request<Session>('GET', '/api/session')),
    staleTime: Infinity,
  })
}

export function useSignIn() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: { name: string; password: string }) =>
      request<Session>('POST', '/api/session', body),
    onSuccess: (session) => cache.setQueryData(KEY, remembered(session)),
  })
}

export function useFirstAccount() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: { token: string; name: string; password: string }) =>
      request<Session>('POST', '/api/first-account', body),
    onSuccess: (session) => cache.setQueryData(KEY, remembered(session)),
  })
}

/** What a link is for; its token goes in the body, because addresses are written down. */
export function useInvitation(token: string) {
  return useQuery({
    queryKey: ['invitation', token],
    queryFn: () => request<Invitation>('POST', '/api/invitation', { token }),
    enabled: token !== '',
    staleTime: Infinity,
  })
}

export function useJoin() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (body: { token: string; name: string; password: string }) =>
      request<Session>('POST', '/api/join', body),
    onSuccess: (session) => cache.setQueryData(KEY, remembered(session)),
  })
}

/** Whether who is signed in may do this; the server decides once more. */
export function useMay(): (action: string) => boolean {
  const may = useSession().data?.account?.may
  return (action) => may?.includes(action) ?? false
}

export function useSignOut() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: () => request<void>('DELETE', '/api/session'),
    onSuccess: () => {
      cache.setQueryData(KEY, remembered({ account: null, first_run: false, csrf: null }))
      // Nothing that this account saw may stay for the next one.
      cache.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] })
    },
  })
}
