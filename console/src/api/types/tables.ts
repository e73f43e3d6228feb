/** What comes as tables: products, lists of viewers, members and orders. Prices are in minor units. */
import type { DefinitionUser } from './definitions'

export interface Product {
  id: string
  title: string
  link_number: number | null
  /** From the widest to the narrowest. */
  category: string[]
  brand: string | null
  brand_tone: string | null
  price_minor: number | null
  currency: string
  stock: number | null
  selling_points: string[]
  related: string[]
  updated_at: number
}

export interface ProductGiven {
  title?: string
  link_number?: number
  category?: string[]
  brand?: string
  brand_tone?: string
  price_minor?: number
  currency?: string
  stock?: number
  selling_points?: string[]
  related?: string[]
}

export interface ProductPage {
  items: Product[]
  total: number
}

export interface BadCell {
  line: number
  /** Empty where the row as a whole is wrong. */
  column: string
  code: string
  detail: string
}

export interface TableReport {
  encoding: string
  rows: number
  bad: number
  problems: BadCell[]
  doubtful: number
  doubts: BadCell[]
  ignored: string[]
  dry_run: boolean
}

export interface ListVersion {
  version: number
  size: number
  made_at: number
  made_by: string
  /** Its members are still there. */
  kept: boolean
}

export interface ViewerList extends ListVersion {
  key: string
  title: string
  used_by: DefinitionUser[]
}

export interface ListDetail extends ViewerList {
  history: ListVersion[]
}

export interface ListImport extends TableReport {
  version: number
  size: number
  added: number
  removed: number
}

export interface ProductImport extends TableReport {
  added: number
  changed: number
  unchanged: number
}

export interface CodeImport extends TableReport {
  added: number
  size: number
}

export interface EventImport extends TableReport {
  events: number
}
