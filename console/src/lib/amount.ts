/** Money as people type it, and back, without any floating number. */

/** Digits after the point of a currency. */
export function minorDigits(currency: string): number {
  try {
    const format = new Intl.NumberFormat('en-US', { style: 'currency', currency })
    return format.resolvedOptions().maximumFractionDigits ?? 2
  } catch {
    return 2 // no currency at all; the server says so
  }
}

/** Minor units of a decimal text; null when it is none, or has digits that the currency has not. */
export function toMinor(text: string, currency: string): number | null {
  const digits = minorDigits(currency)
  const found = /^(\d{1,16})(?:\.(\d+))?$/.exec(text.trim())
  const fraction = found?.[2] ?? ''
  if (!found || fraction.slice(digits).replace(/0/g, '') !== '') return null
  const minor = Number((found[1] ?? '') + fraction.slice(0, digits).padEnd(digits, '0'))
  return Number.isSafeInteger(minor) ? minor : null
}

/** The decimal text of an amount; `toMinor` reads it back. */
export function decimalText(minor: number, currency: string): string {
  const digits = minorDigits(currency)
  if (digits === 0) return String(minor)
  const text = String(minor).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`
}
