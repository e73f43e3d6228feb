/** Choices of this browser. A browser that keeps nothing just forgets them. */
type Choice = 'language' | 'theme'

export function remembered(choice: Choice): string | null {
  try {
    return localStorage.getItem(`qianmian.${choice}`)
  } catch {
    return null
  }
}

export function remember(choice: Choice, value: string): void {
  try {
    localStorage.setItem(`qianmian.${choice}`, value)
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
}
