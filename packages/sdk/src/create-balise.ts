import type { Balise, Options } from './api.ts'
import { calm } from './calm.ts'
import { pageViews } from './capture/page-views.ts'
import { createClient } from './client.ts'
import { inert } from './inert.ts'
import type { Noticing } from './page.ts'
import { createReport } from './report.ts'
import { type World, worldHere } from './world.ts'

/** As `createBalise` in `api.ts` says; tests bring a world of their own. */
export const createBalise = (options: Options, world: World | undefined = worldHere()): Balise => {
  const capture = (options.capture || [pageViews()]) as readonly Noticing[]
  const opened = world && calm(createClient, createReport(options.debug))({ ...options, capture }, world)
  return opened || inert
}
