import { useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { waitAfter } from '@/lib/patience'
import { ApiProblem } from './client'

/** Whether whoever asks may not ask any more: signed out, or a link that has ended. */
export function hasEnded(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401
}

/**
 * Reads again and again, also behind other windows; less often while nobody answers, and what was
 * read last stays. Only the end of what one may see ends it.
 */
export function useReading<T>(key: unknown[], read: () => Promise<T>, every_ms: number) {
  const failures = useRef(0)
  return useQuery({
    queryKey: key,
    queryFn: async () => {
      try {
        const found = await read()
        failures.current = 0
        return found
      } catch (error) {
        failures.current += 1
        throw error
      }
    },
    retry: false, // it is read again anyway
    networkMode: 'always', // what the browser calls offline may be the house's own network
    refetchInterval: ({ state }) => (hasEnded(state.error) ? false : waitAfter(failures.current, every_ms)),
    refetchIntervalInBackground: true,
  })
}
