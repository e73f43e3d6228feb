import type { TFunction } from 'i18next'
import type { Presenting } from '@/api/types'

/** A product as the trade says it: by its link number where it has one. */
export function productLabel(product: Pick<Presenting, 'title' | 'product' | 'link_number'>, t: TFunction): string {
  const title = product.title || product.product
  return product.link_number === null ? title : t('board.link', { number: product.link_number, title })
}
