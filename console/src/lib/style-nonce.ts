/**
 * Gives our own style elements the nonce that the server wrote into the page.
 *
 * The content policy lets in no style without it. The component library takes a nonce for most of
 * its styles, but not where it measures scroll bars or locks scrolling, so all go the same way.
 * Markup that somebody else managed to inject is made by the parser and stays without a nonce.
 */
export function giveStylesTheNonce(): void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content
  if (!nonce) return
  const createElement = document.createElement.bind(document)
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = createElement(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }) as typeof document.createElement
}
