/** How long to wait before the next attempt: twice as long each time, and never all at once. */

const FIRST_MS = 1_000
const MOST_MS = 60_000
const MOST_ASKED_MS = 3_600_000

/**
 * Between half of it and the whole. What the server asked for is waited for in full, and up to
 * half a minute more, so that those who were sent away together do not come back together.
 *
 * Source: Brooker, Exponential backoff and jitter (AWS Architecture Blog, 2015), "equal jitter".
 */
export function backoffMs(attempt: number, random: number, askedMs = 0): number {
  const own = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt, 16)) * (0.5 + random / 2)
  if (askedMs <= 0) return own
  return Math.max(own, Math.min(askedMs, MOST_ASKED_MS) + Math.min(askedMs, 30_000) * random)
}

/** What a `Retry-After` asks for in ms: seconds, or a date (RFC 9110, 10.2.3); 0 for neither. */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? 0 : Math.max(0, at - now)
}
