import { endpointOf } from '../endpoint.ts'

/** Which calls count: beginnings of endpoints as they are told, such as `/api/` or `api.example.com/v2/`. */
export type Counted = {
  /** Only these. By default all. */
  allow?: readonly string[]
  /** These never, whatever `allow` says. */
  deny?: readonly string[]
}

/** Our own requests, wherever they go. */
const own = /\/v1\/(events|privacy\/erasures)$/

/** Gives the endpoint behind the absolute address of a call, or `''` where the call does not count. */
export const countedEndpoint =
  ({ allow, deny }: Counted) =>
  (href: string): string => {
    // `data:` and `blob:` addresses carry content, and reach nobody.
    if (!/^http/.test(href) || own.test(href)) return ''
    const endpoint = endpointOf(href)
    const isAmong = (beginnings: readonly string[] | undefined) => beginnings?.some((text) => endpoint.startsWith(text))
    return (allow && !isAmong(allow)) || isAmong(deny) ? '' : endpoint
  }
