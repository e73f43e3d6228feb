import { useEffect } from 'react'

/** What a key does, by `KeyboardEvent.key`. */
export type Keys = Record<string, () => void>

const WRITING = 'input, textarea, [contenteditable]'
const PRESSED = 'button:not([data-chooses]), a' // Enter on one of them is a click already

/** Let keys do this while nobody writes anywhere; nothing where a browser's own shortcut is meant. */
export function useKeys(keys: Keys, isOn: boolean): void {
  useEffect(() => {
    if (!isOn) return
    const pressed = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null
      const does = keys[event.key]
      if (does === undefined || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
      if (target?.closest(WRITING) || (event.key === 'Enter' && target?.closest(PRESSED))) return
      event.preventDefault()
      does()
    }
    window.addEventListener('keydown', pressed)
    return () => window.removeEventListener('keydown', pressed)
  }, [keys, isOn])
}
