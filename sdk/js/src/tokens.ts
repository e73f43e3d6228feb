/** What a viewer token says. It is not checked here: the server does that. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export interface Claims {
  viewer: string
  /** How long it lives in all, ms. */
  livesMs: number
}

/** The claims of a JWT; null for what is none. */
export function claimsOf(token: string): Claims | null {
  try {
    const claims = JSON.parse(textOf(token.split('.')[1] ?? '')) as Record<string, unknown>
    const { viewer, iat, exp } = claims
    if (typeof viewer !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') return null
    return { viewer, livesMs: (exp - iat) * 1_000 }
  } catch {
    return null
  }
}

/** Mini-programs have neither `atob` nor `TextDecoder`. */
function textOf(encoded: string): string {
  let bits = 0
  let held = 0
  let escaped = ''
  for (const digit of encoded) {
    const value = DIGITS.indexOf(digit)
    if (value < 0) throw new Error('not base64url')
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      escaped += `%${((held >> bits) & 0xff).toString(16).padStart(2, '0')}`
    }
  }
  return decodeURIComponent(escaped)
}
