import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { Definition, DefinitionDetail, DefinitionKind, Distribution, Preview, Tree, Understood } from '@/api/types'

const KEY = ['definitions']
const FRESH_MS = 10_000

const pathOf = (kind: DefinitionKind, key: string): string => `/api/definitions/${kind}/${encodeURIComponent(key)}`

/** Everything of a kind, with who uses it; all kinds without one. */
export function useDefinitions(kind?: DefinitionKind) {
  return useQuery({
    queryKey: [...KEY, kind ?? 'all'],
    queryFn: () => request<Definition[]>('GET', kind ? `/api/definitions?kind=${kind}` : '/api/definitions'),
    refetchInterval: FRESH_MS,
  })
}

export function useDefinition(kind: DefinitionKind, key: string | null) {
  return useQuery({
    queryKey: [...KEY, kind, key],
    queryFn: () => request<DefinitionDetail>('GET', pathOf(kind, key ?? '')),
    enabled: key !== null,
    staleTime: Infinity, // whoever edits must not be overwritten by what others do
  })
}

export interface Written {
  kind: DefinitionKind
  key: string
  text?: string
  tree?: Tree
}

/** What is being written means; asked again when it changes. */
export function useUnderstood(written: Written | null) {
  return useQuery({
    queryKey: [...KEY, 'check', written],
    queryFn: () => request<Understood>('POST', '/api/definitions/check', written),
    enabled: written !== null,
    placeholderData: (before) => before,
    staleTime: FRESH_MS,
  })
}

/** How many it would be; asked only about what could be used. */
export function usePreview(kind: DefinitionKind, key: string, understood: Understood | undefined) {
  const tree = understood?.usable === true && understood.sort === 'level' ? understood.tree : null
  return useQuery({
    queryKey: [...KEY, 'preview', key, tree],
    queryFn: () => request<Preview>('POST', '/api/definitions/preview', { kind, key, tree }),
    enabled: tree !== null,
    placeholderData: (before) => (tree === null ? undefined : before),
    refetchInterval: FRESH_MS,
    retry: false,
  })
}

/** How a tag would divide everybody; asked only about what could be used. */
export function useDistribution(key: string, understood: Understood | undefined) {
  const tree = understood?.usable === true && understood.sort === 'level' ? understood.tree : null
  return useQuery({
    queryKey: [...KEY, 'preview', 'distribution', key, tree],
    queryFn: () => request<Distribution>('POST', '/api/definitions/distribution', { kind: 'tag', key, tree }),
    enabled: tree !== null,
    placeholderData: (before) => (tree === null ? undefined : before),
    refetchInterval: FRESH_MS,
    retry: false,
  })
}

export interface Draft {
  text: string
  title: Record<string, string>
  meaning: Record<string, string>
}

type Place = { kind: DefinitionKind; key: string }
type Step = Place &
  (
    | { step: 'draft'; draft: Draft }
    | { step: 'drop' }
    | { step: 'activate' | 'retire'; why: string }
    | { step: 'roll-back'; version: number; why: string }
  )

/** Everything that changes a definition. */
export function useChange() {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: (one: Step): Promise<unknown> => {
      const path = pathOf(one.kind, one.key)
      if (one.step === 'draft') return request('PUT', `${path}/draft`, one.draft)
      if (one.step === 'drop') return request('DELETE', `${path}/draft`)
      const version = one.step === 'roll-back' ? { version: one.version } : {}
      return request('POST', `${path}/${one.step}`, { why: one.why, ...version })
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY, predicate: ({ queryKey }) => queryKey[1] !== 'check' && queryKey[1] !== 'preview' }),
  })
}
