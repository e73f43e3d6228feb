import { useEffect, useState } from 'react'

/** A reading of `read` that renews itself; pass a function that does not change. */
export function useTicking(read: () => number, every_ms: number): number {
  const [value, setValue] = useState(read)
  useEffect(() => {
    setValue(read())
    const timer = setInterval(() => setValue(read()), every_ms)
    return () => clearInterval(timer)
  }, [read, every_ms])
  return value
}

const wallClock = (): number => Date.now()
const monotonic = (): number => performance.now()

/** This computer's clock, renewed each second. For "3 seconds ago", not for what the server measured. */
export const useNow = (): number => useTicking(wallClock, 1000)

/** Milliseconds since the page was opened, renewed each second; no clock change disturbs it. */
export const useMonotonicNow = (): number => useTicking(monotonic, 1000)
