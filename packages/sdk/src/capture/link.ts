import { listen } from '../listen.ts'

/** What may be found on the way of a press: an element that leads somewhere; in SVG its address stands a step deeper. */
type Leading = Element & { href?: string & SVGAnimatedString }

/**
 * Calls `act` for each link that is followed, by pointer, key or middle button, through open shadow roots. Other things
 * have an `href` too (the icon that an SVG `use` draws), and lead nowhere.
 */
export const onLink = (act: (url: URL, link: Element) => void): void =>
  listen('click auxclick', (event: MouseEvent) => {
    const link = (event.composedPath() as Leading[]).find(({ localName, href }) => href && /^a(rea)?$/.test(localName))
    // The other buttons open a menu, or go back and forward.
    if (link?.href && event.button < 2) act(new URL(link.href.baseVal ?? link.href, document.baseURI), link)
  })
