import { listen } from '../listen.ts'

/** What may be found on the way of a press: an element that leads somewhere; in SVG its address stands a step deeper. */
type Leading = Element & { href?: string | SVGAnimatedString }

/**
 * Calls `act` for each link that is followed, by pointer, key or middle button, through open shadow roots. Other things
 * have an `href` too (the icon that an SVG `use` draws), and lead nowhere.
 */
export const onLink = (act: (url: URL, link: Element) => void): void => {
  for (const type of ['click', 'auxclick'])
    listen(type, (event) => {
      const link = (event.composedPath() as Leading[]).find(
        ({ localName, href }) => /^a(rea)?$/.test(localName) && href,
      )
      // The other buttons open a menu, or go back and forward.
      if (!link || (event as MouseEvent).button > 1) return
      const { href } = link
      act(new URL((href as SVGAnimatedString).baseVal ?? href, document.baseURI), link)
    })
}
