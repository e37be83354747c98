import type { Counted } from '../api.ts'
import { endpointOf } from '../endpoint.ts'

/** Our own requests, wherever they go, and addresses that carry content and reach nobody. */
const beside = /\/v1\/(events|privacy\/erasures)$|^(data|blob):/

/** Gives the endpoint behind the address of a call, or `''` where the call does not count. */
export const countedEndpoint =
  ({ allow = [''], deny = [] }: Counted) =>
  (address: string): string => {
    const endpoint = beside.test(address) ? '' : endpointOf(address)
    const begins = (text: string) => endpoint.startsWith(text)
    return allow.some(begins) && !deny.some(begins) ? endpoint : ''
  }
