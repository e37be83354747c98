import type * as api from './api.ts'
import { platform } from './platform.ts'

type Choices = { [vendor: string]: boolean }
type Axeptio = { on: (event: string, act: (choices: Choices) => void) => void }

declare global {
  interface Window {
    _axcb?: ((axeptio: Axeptio) => void)[]
  }
}

/**
 * As `axeptio` in `api.ts` says.
 *
 * https://support.axeptio.eu/hc/en-gb/articles/30301699182225-Listen-to-SDK-events
 */
export const axeptio: typeof api.axeptio = (names) => {
  let decided: Choices | undefined
  return platform(
    {
      analytics: 'balise',
      marketing: 'balise_marketing',
      says: (vendor) => decided?.[vendor],
      on(change) {
        window._axcb = window._axcb || []
        window._axcb.push((axeptio) =>
          // Told on each page of who has decided, and again when they decide otherwise.
          axeptio.on('cookies:complete', (choices) => {
            decided = choices
            change()
          }),
        )
      },
    },
    names,
  )
}
