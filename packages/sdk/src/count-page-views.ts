import type { Destination } from './api.ts'
import { calm } from './calm.ts'
import { pageViews } from './capture/page-views.ts'
import { signals } from './signals.ts'
import { createStreet } from './street.ts'
import { watch } from './watch.ts'

/** As `countPageViews` in `api.ts` says. */
export const countPageViews = (to: Destination): void => {
  const level = () => (signals() ? 'none' : 'anonymous')
  const open = calm(() => watch(createStreet({ to, level }), [pageViews()]))
  if (typeof document !== 'undefined') open()
}
