import { useCallback, useReducer } from 'react'

interface Past<T> {
  before: T[]
  now: T
  after: T[]
}

type Step<T> = { do: 'set'; value: T } | { do: 'begin'; value: T } | { do: 'undo' } | { do: 'redo' }

const MOST_STEPS = 100

export function stepped<T>(past: Past<T>, step: Step<T>): Past<T> {
  const { before, now, after } = past
  switch (step.do) {
    case 'begin':
      return { before: [], now: step.value, after: [] }
    case 'set':
      if (JSON.stringify(step.value) === JSON.stringify(now)) return past
      return { before: [...before, now].slice(-MOST_STEPS), now: step.value, after: [] }
    case 'undo': {
      const last = before[before.length - 1]
      return last === undefined ? past : { before: before.slice(0, -1), now: last, after: [now, ...after] }
    }
    case 'redo': {
      const [next, ...rest] = after
      return next === undefined ? past : { before: [...before, now], now: next, after: rest }
    }
  }
}

/** A value with its past: what was done can be undone, and done again. */
export function useUndo<T>(first: T) {
  const [past, step] = useReducer(stepped<T>, { before: [], now: first, after: [] })
  return {
    value: past.now,
    set: useCallback((value: T) => step({ do: 'set', value }), []),
    begin: useCallback((value: T) => step({ do: 'begin', value }), []),
    undo: past.before.length > 0 ? () => step({ do: 'undo' }) : undefined,
    redo: past.after.length > 0 ? () => step({ do: 'redo' }) : undefined,
  }
}
