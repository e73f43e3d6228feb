import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type {
  CodeImport,
  Decision,
  Definition,
  Guardrails,
  Offer,
  OfferCodes,
  OfferInUse,
  Playbook,
  RedSwitch,
  ShopLimits,
  Strategy,
  StrategyDetail,
  StrategyStep,
  StrategySummary,
  StrategyUnderstood,
} from '@/api/types'
import type { Sent } from '@/components/table-import'

const KEY = ['strategies']
const FRESH_MS = 5_000

const pathOf = (key: string): string => `/api/strategies/${encodeURIComponent(key)}`

const codesPath = (key: string): string => `/api/offers/${encodeURIComponent(key)}/codes`

/** Steps that only those take who approve. */
const OF_APPROVERS: readonly StrategyStep[] = ['approve', 'send_back', 'widen']
export const isOfApprover = (step: StrategyStep): boolean => OF_APPROVERS.includes(step)

export function useStrategies() {
  return useQuery({
    queryKey: [...KEY, 'list'],
    queryFn: () => request<StrategySummary[]>('GET', '/api/strategies'),
    refetchInterval: FRESH_MS,
  })
}

export function useStrategy(key: string | null) {
  return useQuery({
    queryKey: [...KEY, 'one', key],
    queryFn: () => request<StrategyDetail>('GET', pathOf(key ?? '')),
    enabled: key !== null,
    staleTime: Infinity, // whoever edits must not be overwritten by what others do
  })
}

/** The segments that can be chosen. */
export function useSegments() {
  return useQuery({
    queryKey: ['definitions', 'segment'],
    queryFn: () => request<Definition[]>('GET', '/api/definitions?kind=segment'),
  })
}

/** What a strategy that is being written means; asked again when it changes. */
export function useStrategyCheck(strategy: Strategy) {
  return useQuery({
    queryKey: [...KEY, 'check', strategy],
    queryFn: () => request<StrategyUnderstood>('POST', '/api/strategies/check', strategy),
    placeholderData: (before) => before,
    staleTime: FRESH_MS,
  })
}

export function useDecisions(key: string | null) {
  return useQuery({
    queryKey: [...KEY, 'decisions', key],
    queryFn: () => request<Decision[]>('GET', `${pathOf(key ?? '')}/decisions?limit=50`),
    enabled: key !== null,
    refetchInterval: FRESH_MS,
  })
}

export function useOffers() {
  return useQuery({
    queryKey: [...KEY, 'offers'],
    queryFn: () => request<OfferInUse[]>('GET', '/api/offers'),
    refetchInterval: FRESH_MS,
  })
}

/** The codes of an offer, by their last characters. */
export function useOfferCodes(key: string) {
  return useQuery({
    queryKey: [...KEY, 'offers', 'codes', key],
    queryFn: () => request<OfferCodes>('GET', codesPath(key)),
  })
}

export function useAddCodes(key: string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ file, isTrial }: Sent) => request<CodeImport>('POST', `${codesPath(key)}?dry_run=${isTrial}`, file),
    onSuccess: () => client.invalidateQueries({ queryKey: [...KEY, 'offers'] }),
  })
}

export function usePlaybooks() {
  return useQuery({
    queryKey: ['playbooks'],
    queryFn: () => request<Playbook[]>('GET', '/api/playbooks'),
    staleTime: Infinity, // they come with the product
  })
}

export function useLimits() {
  return useQuery({ queryKey: [...KEY, 'limits'], queryFn: () => request<ShopLimits>('GET', '/api/limits') })
}

export function useRedSwitch(isAllowed: boolean) {
  return useQuery({
    queryKey: [...KEY, 'switch'],
    queryFn: () => request<RedSwitch>('GET', '/api/switch'),
    enabled: isAllowed,
    refetchInterval: FRESH_MS,
  })
}

function useChange<Given, Told>(change: (given: Given) => Promise<Told>) {
  const cache = useQueryClient()
  return useMutation({ mutationFn: change, onSuccess: () => cache.invalidateQueries({ queryKey: KEY }) })
}

export const useSaveDraft = () =>
  useChange((strategy: Strategy) => request<StrategyDetail>('PUT', `${pathOf(strategy.key)}/draft`, strategy))

export const useDropDraft = () => useChange((key: string) => request<void>('DELETE', `${pathOf(key)}/draft`))

interface Taken {
  key: string
  version: number
  step: StrategyStep
  why: string
}

export const useTakeStep = () =>
  useChange(({ key, version, step, why }: Taken) => {
    const place = isOfApprover(step) ? 'approval' : 'step'
    return request<StrategyDetail>('POST', `${pathOf(key)}/versions/${version}/${place}`, { step, why })
  })

export const usePutOffer = () =>
  useChange((offer: Offer) => request<OfferInUse[]>('PUT', `/api/offers/${encodeURIComponent(offer.key)}`, offer))

export const useDropOffer = () =>
  useChange((key: string) => request<void>('DELETE', `/api/offers/${encodeURIComponent(key)}`))

interface LimitsGiven {
  guardrails?: Guardrails
  single_person?: boolean
  why: string
}

export const usePutLimits = () => useChange((given: LimitsGiven) => request<ShopLimits>('PUT', '/api/limits', given))

export const useTurnSwitch = () =>
  useChange((given: { is_stopped: boolean; why: string }) => request<RedSwitch>('PUT', '/api/switch', given))
