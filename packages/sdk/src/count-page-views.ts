import type { Destination } from './api.ts'
import { calm } from './calm.ts'
import { pageViews } from './capture/page-views.ts'
import { createPage } from './page.ts'
import { createReport } from './report.ts'
import { signals } from './signals.ts'
import { createStreet } from './street.ts'
import { watch } from './watch.ts'
import { type World, worldHere } from './world.ts'

/** As `countPageViews` in `api.ts` says; tests bring a world of their own. */
export const countPageViews = (destination: Destination, world: World | undefined = worldHere()): void => {
  if (world) calm(count, createReport(destination.debug))(destination, world)
}

const count = ({ site, endpoint, debug }: Destination, world: World): void => {
  const { window } = world
  const page = createPage(window, endpoint, createReport(debug))
  const level = () => (signals(window) ? 'none' : 'anonymous')
  watch([pageViews()], createStreet({ site, page, world, level }), page)
}
