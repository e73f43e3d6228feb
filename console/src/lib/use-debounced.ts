import { useEffect, useState } from 'react'

/** The value as it was when it last stood still for a while. Compared by what it says. */
export function useDebounced<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  const said = JSON.stringify(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(JSON.parse(said) as T), ms)
    return () => clearTimeout(timer)
  }, [said, ms])
  return settled
}
