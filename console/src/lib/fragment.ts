import { useEffect, useState } from 'react'

/** What stands behind the # of the address, taken out of the bar and the history: it is a secret. */
export function useFragment(): string {
  const [fragment] = useState(() => window.location.hash.slice(1))
  useEffect(() => {
    const { pathname, search } = window.location
    window.history.replaceState(window.history.state, '', pathname + search)
  }, [])
  return fragment
}
