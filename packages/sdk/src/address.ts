/** Where the page is, as far as that makes it another page. */
export type Address = () => string

/** The address without its fragment: what a page is called unless the site says otherwise. */
export const plainAddress: Address = () => document.URL.replace(/#.*/, '')

/** As `hashAddress` in `api.ts` says. */
export const hashAddress = (): Address => () => {
  const { origin, pathname, search, hash } = location
  // An answer to a sign-in (OAuth) is no page.
  const route = hash.replace(/^#[^/?]*=.*/, '')
  // Either may have a query.
  return origin + ((pathname + route).replace(/\/?#\/?/, '/') + search).replace(/\?(.*)\?/, '?$1&')
}

/** As `canonicalAddress` in `api.ts` says. */
export const canonicalAddress = (): Address => {
  let loaded = ''
  let canonical = ''
  return () => {
    const here = plainAddress()
    if (!loaded) {
      loaded = here
      const link = document.querySelector<HTMLLinkElement>('link[rel=canonical]')
      canonical = link ? link.href.replace(/[?#].*/, '') + location.search : here
    }
    return here === loaded ? canonical : here
  }
}
