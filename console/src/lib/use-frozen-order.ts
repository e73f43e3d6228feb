import { useRef, useState } from 'react'

export interface Frozen<T> {
  rows: { row: T; isGone: boolean }[]
  isFrozen: boolean
  /** Rows that came while the order was held. */
  waiting: number
  /** Spread on the element whose rows must not move under the pointer or the focus. */
  hold: {
    onPointerEnter: () => void
    onPointerLeave: () => void
    onFocus: () => void
    onBlur: (event: React.FocusEvent) => void
  }
}

/** Keeps the order of rows while the pointer or the focus is inside, so that nobody clicks a neighbor. */
export function useFrozenOrder<T>(rows: T[], keyOf: (row: T) => string): Frozen<T> {
  const [isInside, setInside] = useState({ pointer: false, focus: false })
  const isFrozen = isInside.pointer || isInside.focus
  const held = useRef<Map<string, T>>(new Map())
  const hold = {
    onPointerEnter: () => setInside((now) => ({ ...now, pointer: true })),
    onPointerLeave: () => setInside((now) => ({ ...now, pointer: false })),
    onFocus: () => setInside((now) => ({ ...now, focus: true })),
    onBlur: (event: React.FocusEvent) => {
      if (!event.currentTarget.contains(event.relatedTarget)) {
        setInside((now) => ({ ...now, focus: false }))
      }
    },
  }
  const current = new Map(rows.map((row) => [keyOf(row), row]))
  if (!isFrozen) {
    held.current = current
    return { rows: rows.map((row) => ({ row, isGone: false })), isFrozen, waiting: 0, hold }
  }
  return { ...heldOrder(held.current, current), isFrozen, hold }
}

/** The held order with today's values; a row that is gone stays, marked, in its place. */
export function heldOrder<T>(held: Map<string, T>, current: Map<string, T>) {
  const rows = [...held].map(([key, before]) => ({
    row: current.get(key) ?? before,
    isGone: !current.has(key),
  }))
  let waiting = 0
  for (const key of current.keys()) if (!held.has(key)) waiting += 1
  return { rows, waiting }
}
