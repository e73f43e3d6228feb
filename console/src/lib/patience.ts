const FIRST_MS = 1_000
const LONGEST_MS = 30_000

/** How long to wait before reading again: after failures in a row 2, 4, 8 … at most 30 s, else as usual. */
export function waitAfter(failures: number, usual_ms: number): number {
  return failures === 0 ? usual_ms : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 16))
}
