import type { Balise, Capture } from '../api.ts'
import { calm } from '../calm.ts'
import type { Noticing } from '../street.ts'

/** Gives the tracker of this page, or the stub before it, something more that notices. */
export const notice = calm((noticing: Noticing) =>
  (window as unknown as { balise: Balise }).balise.notice(noticing as Capture),
)
