/** Which links a card may hold. */

/** The address where a link leads; null unless it is http or https: a script is no place. */
export function safeLink(link: string, base: string): URL | null {
  if (link === '') return null
  try {
    const found = new URL(link, base)
    return found.protocol === 'https:' || found.protocol === 'http:' ? found : null
  } catch {
    return null
  }
}
