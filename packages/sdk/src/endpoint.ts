/** A path segment that names one thing: a number, a UUID or another hexadecimal id, anything with many digits in a row. */
const id = /^\d+$|^(?=.*\d)[\da-f-]{16,}$|\d{6}/i

/**
 * The endpoint behind the address of a call: `/users/123?x=1` becomes `/users/:id`. A call to another origin keeps its
 * host in front: `api.example.com/users/:id`. Scrubbed when an event is made of it.
 */
export const endpointOf = (href: string): string => {
  const { host, pathname } = new URL(href, document.baseURI)
  const path = pathname.split('/').map((segment) => (id.test(segment) ? ':id' : segment))
  return (host === location.host ? '' : host) + path.join('/')
}
