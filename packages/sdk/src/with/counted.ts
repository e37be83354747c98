import type { Counted } from '../api.ts'

/** The lists on the page's script tag: `data-calls-allow="/api/ api.example.com/"` and `data-calls-deny`. */
export const counted = (): Counted => {
  const { callsAllow, callsDeny } = document.querySelector<HTMLElement>('script[data-site]')?.dataset ?? {}
  return { allow: callsAllow?.split(' '), deny: callsDeny?.split(' ') }
}
