const LONGEST_MS = 30_000

/** How long to wait before reading again: twice as long after each failure in a row, at most 30 s. */
export function waitAfter(failures: number, every_ms: number): number {
  return Math.max(every_ms, Math.min(LONGEST_MS, every_ms * 2 ** Math.min(failures, 16)))
}
