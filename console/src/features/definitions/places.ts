import type { DefinitionKind, DefinitionUser } from '@/api/types'

/** The kinds that have pages of their own. */
export type PageKind = DefinitionKind

const FOLDERS: Record<DefinitionUser['kind'], string> = { tag: '/tags', segment: '/segments', moment: '/moments', strategy: '/strategies' }

export const listOf = (kind: DefinitionKind): string => FOLDERS[kind]
export const pageOf = ({ kind, key }: Pick<DefinitionUser, 'kind' | 'key'>): string => `${FOLDERS[kind]}/${encodeURIComponent(key)}`

const FORBIDDEN = /[^0-9A-Za-z_\u4e00-\u9fff]+/g // what a name of the language may not hold
const MOST = 60

/** A key for what people call it, e.g. "爱看 美妆" → "爱看_美妆"; one that nobody has yet. */
export function keyFor(title: string, taken: ReadonlySet<string>): string {
  const plain = title.replace(FORBIDDEN, '_').replace(/^_+|_+$/g, '').slice(0, MOST)
  const begun = /^[0-9]/.test(plain) ? `n${plain}` : plain || 'untitled'
  let key = begun
  for (let n = 2; taken.has(key); n += 1) key = `${begun}_${n}`
  return key
}
