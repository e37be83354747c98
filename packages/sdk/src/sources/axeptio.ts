import type * as api from './api.ts'
import { platform } from './platform.ts'

/** What the person answered for each vendor, and in `$$completed` whether they did. */
type Choices = { [vendor: string]: boolean }
type Axeptio = {
  userPreferencesManager?: { choices?: Choices }
  on: (event: string, act: (choices: Choices) => void) => void
}

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
        window._axcb.push((axeptio) => {
          const hear = (choices?: Choices): void => {
            if (!choices?.['$$completed']) return
            decided = choices
            change()
          }
          // The event of this page may be over already.
          hear(axeptio.userPreferencesManager?.choices)
          axeptio.on('cookies:complete', (choices) => hear({ $$completed: true, ...choices }))
        })
      },
    },
    names,
  )
}
