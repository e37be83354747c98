import { scrub } from './scrub.ts'

/** A path segment that names one thing: a number, a UUID or another hexadecimal id, anything with many digits in a row. */
const id = /^\d+$|^(?=.*\d)[\da-f-]{16,}$|\d{6}/i

/**
 * The endpoint behind the address of a call: `/users/123?x=1` becomes `/users/:id`. Calls to another origin keep their
 * host.
 */
export const endpointOf = (href: string, base: string): string => {
  const { origin, host, pathname } = new URL(href, base)
  const path = pathname
    .split('/')
    .map((segment) => (id.test(segment) ? ':id' : segment))
    .join('/')
  return scrub(origin === new URL(base).origin ? path : `//${host}${path}`)
}
