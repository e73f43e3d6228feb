import { useEffect, useState } from 'react'

/** The token of a one-time link, taken out of the address bar and the history: it is a secret. */
export function useLinkToken(path: string): string {
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('token') ?? '')
  useEffect(() => window.history.replaceState(window.history.state, '', path), [path])
  return token
}
