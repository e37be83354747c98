import type { Destination } from './api.ts'
import { calm } from './calm.ts'
import { pageViews } from './capture/page-views.ts'
import { signals } from './signals.ts'
import { createStreet } from './street.ts'
import { watch } from './watch.ts'

/** As `countPageViews` in `api.ts` says. */
export const countPageViews = (to: Destination): void => {
  const open = calm(() => {
    const street = createStreet({ to, level: () => (signals() ? 'none' : 'anonymous') })
    watch([pageViews()], street.tell, street)
  })
  if (typeof document !== 'undefined') open()
}
