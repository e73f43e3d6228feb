import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { remembered, request } from './client'
import type { Session } from './types'

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
