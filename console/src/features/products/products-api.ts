import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { request } from '@/api/client'
import type { Product, ProductGiven, ProductImport, ProductPage } from '@/api/types'

const KEY = ['products']
export const PAGE = 50

export function useProducts(search: string, page: number) {
  const asked = new URLSearchParams({ search, offset: String((page - 1) * PAGE), limit: String(PAGE) })
  return useQuery({
    queryKey: [...KEY, search, page],
    queryFn: () => request<ProductPage>('GET', `/api/products?${asked.toString()}`),
    placeholderData: keepPreviousData, // the list stays while the next one comes
  })
}

const path = (id: string): string => `/api/products/${encodeURIComponent(id)}`

function useChange<Given, Told>(change: (given: Given) => Promise<Told>) {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: () => cache.invalidateQueries({ queryKey: KEY }),
  })
}

export const usePutProduct = () =>
  useChange(({ id, given }: { id: string; given: ProductGiven }) => request<Product>('PUT', path(id), given))

export const useDeleteProduct = () => useChange((id: string) => request<Product>('DELETE', path(id)))

export const useImportProducts = () =>
  useChange(({ file, isTrial }: { file: File; isTrial: boolean }) =>
    request<ProductImport>('POST', `/api/products/import?dry_run=${isTrial}`, file),
  )

/** A product as it was, to be put back. */
export function givenOf({ id, updated_at, ...fields }: Product): { id: string; given: ProductGiven } {
  void updated_at // is set anew
  const told = Object.entries(fields).filter(([, value]) => value !== null)
  return { id, given: Object.fromEntries(told) as ProductGiven }
}
