/** What cards and lists are made of. */

export function made(name: string, kind: string, text: string): HTMLElement {
  const element = document.createElement(name)
  if (kind) element.className = kind
  element.textContent = text
  return element
}

/** An amount in minor units, as a language writes it. */
export function moneyOf(minor: number, currency: string, locale: string): string {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency })
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2))
}
