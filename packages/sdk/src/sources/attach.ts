import type { Balise, ConsentSource } from '../api.ts'

declare global {
  interface Window {
    balise?: Balise
  }
}

/** Connects a source that came as a script of its own. Its names are `data-*` attributes of the page's script tag. */
export const attach = (source: (names?: DOMStringMap) => ConsentSource): void =>
  window.balise?.consent.connect(source(document.querySelector<HTMLElement>('script[data-site]')?.dataset))
