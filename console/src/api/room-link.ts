import { useFragment } from '@/lib/fragment'
import { ApiProblem, request, speakFor, understood } from './client'
import { useReading } from './reading'
import type { LinkKind, OpenedLink } from './types'

const AGAIN_MS = 60 * 60_000

/** What a link to a room opens: by its secret in the address, or by the cookie that it was exchanged for. */
export function useOpenedLink(kind: LinkKind) {
  const secret = useFragment()
  return useReading(['link', kind, secret], () => opened(kind, secret), AGAIN_MS)
}

async function opened(kind: LinkKind, secret: string): Promise<OpenedLink> {
  speakFor(kind)
  const found = await (secret === ''
    ? request<OpenedLink>('GET', '/api/link')
    : request<OpenedLink>('POST', '/api/link', { token: secret }))
  if (found.kind !== kind) throw new ApiProblem(401, { code: 'session.link' })
  return understood(found)
}
